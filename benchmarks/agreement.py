"""All contestants give the same answers: what is compared is worth comparing."""

import json
from collections.abc import Sequence
from datetime import datetime
from email.message import Message
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from benchmarks import data
from benchmarks.servers import Server
from benchmarks.workloads import post_body

NEW = {"id", "created_at", "updated_at"}  # what a new post has of its own
CHANGED = {"updated_at"}
LINKS = {"next", "previous"}  # only Dovetail gives them with every list
REFUSALS = {404, 412}  # which are answers too


def check(servers: Sequence[Server], posts: int) -> None:
    """Compare the answers to W1 to W9 and to long pages with those of the first. Raises RuntimeError if one differs."""
    expected: dict[str, Any] = {}
    for server in servers:
        answers = _more_answers(server, posts) if server.contestant.has_more else {}
        answers |= _answers(server, posts)  # with a new post at last
        data.forget_changes(server.url, posts)
        for name, answer in answers.items():
            if answer != expected.setdefault(name, answer):
                raise RuntimeError(
                    f"{server.contestant.name} answers {name} differently: "
                    f"{first_difference(expected[name], answer)}, as {servers[0].contestant.name} answers it first"
                )


def first_difference(expected: Any, found: Any, where: str = "") -> str:
    """Where two answers that are not equal part, and how."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        name = next(name for name in expected if expected[name] != found[name])
        return first_difference(expected[name], found[name], f"{where}.{name}")
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        number = next(number for number, part in enumerate(expected) if part != found[number])
        return first_difference(expected[number], found[number], f"{where}[{number}]")
    return f"{where or 'all of it'} is {str(found)[:300]}, not {str(expected)[:300]}"


def _answers(server: Server, posts: int) -> dict[str, Any]:
    paths = {f"W1, post {number}": f"/api/posts/{number}" for number in (1, posts // 2 - 1, posts - 1)}
    paths |= {"W2": "/api/posts?offset=20", "W3": "/api/posts?count=true", "W5": "/health/live"}
    paths |= {"a deep page": f"/api/posts?offset={posts // 2}&limit=50"}
    if server.contestant.pages:
        paths |= {"a long page": f"{server.contestant.pages}?limit=500"}
    found = {name: _normal(_ask(server, path)[0], LINKS) for name, path in paths.items()}
    return found | {"W4": _normal(_ask(server, "/api/posts", post_body(1), user=1)[0], NEW)}


def _more_answers(server: Server, posts: int) -> dict[str, Any]:
    draft = posts - posts % data.DRAFT
    author = data.author_of(draft)
    questions = {
        "W1t, a draft of one's own": (f"/api/posts/{draft}", author),
        "W1t, a draft of somebody else": (f"/api/posts/{draft}", author + 1),
        "W1t, a post of somebody else": (f"/api/posts/{draft - 1}", author),
        "W2t, with a draft": ("/api/posts?limit=100&offset=20", author),
        "W2t, without it": ("/api/posts?limit=100&offset=20", author + 1),
        "W7": ("/api/tags/tag%207/posts", None),
        "W7, no such tag": ("/api/tags/tag%20none/posts", None),
        "W9": (f"/api/posts?author_id={author}&count=true", None),
    }
    found = {name: _ask(server, path, user=user)[0] for name, (path, user) in questions.items()}
    following = urlsplit(_ask(server, str(server.contestant.cursors).format(size=20))[0]["next"])
    found["W8"] = _ask(server, f"{following.path}?{following.query}")[0]
    return {name: _normal(answer, LINKS) for name, answer in found.items()} | _changes(server, draft)


def _changes(server: Server, draft: int) -> dict[str, Any]:
    """W6: a change, the next by its ETag, one that comes too late, and one by somebody who may not know of the post."""
    path, author = f"/api/posts/{draft}", data.author_of(draft)
    first, headers = _ask(server, path, b'{"title": "One"}', user=author, if_match="*")
    second, _ = _ask(server, path, b'{"title": "Two"}', user=author, if_match=headers["ETag"])
    late, _ = _ask(server, path, b'{"title": "Three"}', user=author, if_match=headers["ETag"])
    hidden, _ = _ask(server, path, b'{"title": "Four"}', user=author + 1, if_match="*")
    answers = {"W6": first, "W6 again": second, "W6, too late": late, "W6, a draft of somebody else": hidden}
    return {name: _normal(answer, CHANGED) for name, answer in answers.items()}


def _ask(
    server: Server, path: str, body: bytes | None = None, *, user: int | None = None, if_match: str | None = None
) -> tuple[Any, Message]:
    headers = {} if user is None else {"Authorization": f"Bearer {data.token_of(user)}"}
    headers |= {"Content-Type": "application/json"} if body else {}
    headers |= {"If-Match": if_match} if if_match else {}
    method = "PATCH" if if_match else None
    try:
        with urlopen(Request(f"http://127.0.0.1:{server.port}{path}", body, headers, method=method)) as answer:
            return json.load(answer), answer.headers
    except HTTPError as error:
        if error.code in REFUSALS:
            return error.code, error.headers
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
