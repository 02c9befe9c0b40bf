"""Two records are alike if they are equal, or differ only in what must differ between two databases.

These are moments after the test began, random tokens, ids of requests, UUIDs, cursors, entity tags and keys that are
drawn. An entity tag is another one on the other road, but always the same other one: what is a new version here is one
there. So is the key of a row.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import zip_longest

from tests.contract.roads.asgi import Record

VARYING = re.compile(
    r'(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00))|(?P<etag>"[0-9a-f]{16}-[0-9a-f]{16}")'
    r"|(?P<key>(?<![\w.-])\d{10,15}(?![\w.-]))"
    r"|(?P<uuid>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)"
    r'|(?P<id>(?<=x-request-id: )[0-9a-f]{32}|(?<="request_id": ")[0-9a-f]{32})'
    r'|(?P<cursor>(?<=[?&]cursor=)[^&">\s]+)|(?P<token>(?<="access_token":")[\w-]{43})'
)


class Twins:
    """Compares what two roads answer, in the order in which they answered it."""

    def __init__(self) -> None:
        self._began = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        self._tags: dict[str, str] = {}
        self._tags_back: dict[str, str] = {}

    def differences(self, fast: list[Record], usual: list[Record]) -> list[str]:
        """Say of each pair of records in what it differs."""
        assert len(fast) == len(usual)
        told = (self._difference(*pair) for pair in zip(fast, usual, strict=True))
        return [one for one in told if one]

    def other_lines(self, fast: list[str], usual: list[str]) -> list[str]:
        """Return the lines that are not alike."""
        pairs = zip_longest(fast, usual, fillvalue="")
        return [f"    fast:  {one}\n    usual: {other}" for one, other in pairs if not self._alike(one, other)]

    def _difference(self, fast: Record, usual: Record) -> str:
        wrong = self.other_lines(fast.lines(), usual.lines())
        if not wrong and list(_unchanged(fast)) != list(_unchanged(usual)):
            wrong = [f"    only one of them has changed rows: {fast.body!r} {usual.body!r}"]
        request = fast.request
        told = f"{request.name}: {request.method} {request.target} {request.headers} {request.parts}"[:600]
        return "\n".join([told, *wrong]) if wrong else ""

    def _alike(self, one: str, other: str) -> bool:
        (fixed, found), (other_fixed, other_found) = parts_of(one), parts_of(other)
        if fixed != other_fixed:
            return False
        return all(self._may_differ(kind, a, b) for (kind, a), (_, b) in zip(found, other_found, strict=True))

    def _may_differ(self, kind: str, one: str, other: str) -> bool:
        if kind in {"etag", "key"}:  # equal ones count: the same version here is no new one there
            return self._tags.setdefault(one, other) == other and self._tags_back.setdefault(other, one) == one
        if kind == "time" and one != other:
            return min(one, other) >= self._began and _form_of(one) == _form_of(other)
        return True


@lru_cache(maxsize=2**15)  # the rows that every test begins with are compared by each of them
def parts_of(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return `text` without what varies, and the kind and the text of each place that does."""
    found: list[tuple[str, str]] = []

    def note(match: re.Match[str]) -> str:
        found.append((str(match.lastgroup), match.group()))
        return "?"

    return VARYING.sub(note, text), tuple(found)


def without_what_varies(line: str) -> str:
    """Return the text of a row that is alike on both roads, in whose order rows with drawn keys can be compared."""
    return parts_of(line)[0]


def _form_of(time: str) -> str:
    if time.endswith("+00:00"):  # within JSON that PostgreSQL wrote, which leaves zeros at the end of a fraction away
        return re.sub(r"\.\d+", "", time).translate(str.maketrans("123456789", "000000000"))
    # A moment without a fraction comes once in a thousand times on SQLite.
    return re.sub(r"\d", "0", time if "." in time else f"{time[:-1]}.000000Z")


def _unchanged(record: Record) -> Iterator[bool]:
    """Of each object with both moments in an answer: is it still as it was made?"""
    try:
        waiting = [json.loads(record.body)]
    except ValueError:
        return
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if {"created_at", "updated_at"} <= one.keys():
                yield one["created_at"] == one["updated_at"]
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
