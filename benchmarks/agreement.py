"""All contestants give the same answers: what is compared is worth comparing."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from benchmarks import data
from benchmarks.servers import Server
from benchmarks.workloads import post_body

NEW = {"id", "created_at", "updated_at"}  # what a new post has of its own
LINKS = {"next", "previous"}  # only Dovetail gives them with every list


def check(servers: Sequence[Server], url: str, posts: int) -> None:
    """Compare the answers to W1 to W5 and to long pages with those of the first. Raises RuntimeError if one differs."""
    expected: dict[str, Any] = {}
    for server in servers:
        answers = _answers(server, posts)
        data.forget_new_posts(url, posts)
        for name, answer in answers.items():
            if answer != expected.setdefault(name, answer):
                raise RuntimeError(
                    f"{server.contestant.name} answers {name} differently: "
                    f"{first_difference(expected[name], answer)}, as {servers[0].contestant.name} answers it first"
                )


def _answers(server: Server, posts: int) -> dict[str, Any]:
    paths = {f"post {number}": f"/api/posts/{number}" for number in (1, posts // 2 - 1, posts - 1)}
    paths |= {"W2": "/api/posts", "W3": "/api/posts?count=true", "W5": "/health/live"}
    paths |= {
        "a deep page": f"/api/posts?offset={posts // 2}&limit=50",
        "a long page": f"{server.contestant.pages}?limit=500",
    }
    found = {name: _normal(_ask(server, path), LINKS) for name, path in paths.items()}
    return found | {"W4": _normal(_ask(server, "/api/posts", post_body(1)), NEW)}


def _ask(server: Server, path: str, body: bytes | None = None) -> Any:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {data.TOKEN}"} if body else {}
    try:
        with urlopen(Request(f"http://127.0.0.1:{server.port}{path}", body, headers)) as answer:
            return json.load(answer)
    except HTTPError as error:
        told = f"{error.read().decode()}\n{server.end_of_log()}"
        raise RuntimeError(f"{server.contestant.name} answered {path} with {error.code}: {told}") from None


def _normal(value: Any, without: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _normal(part, without & LINKS) for name, part in value.items() if name not in without}
    if isinstance(value, list):
        return [_normal(part, without) for part in value]
    if isinstance(value, str) and value[:2] == "20":
        return datetime.fromisoformat(value)  # with Z or with +00:00
    return value


def first_difference(expected: Any, found: Any, where: str = "") -> str:
    """Where two answers that are not equal part, and how."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        name = next(name for name in expected if expected[name] != found[name])
        return first_difference(expected[name], found[name], f"{where}.{name}")
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        number = next(number for number, part in enumerate(expected) if part != found[number])
        return first_difference(expected[number], found[number], f"{where}[{number}]")
    return f"{where or 'all of it'} is {str(found)[:300]}, not {str(expected)[:300]}"
