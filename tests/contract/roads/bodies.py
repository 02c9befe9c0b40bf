"""What clients send for a body, right and wrong; most are made of one that is right."""

import json
from collections.abc import Callable, Iterator
from typing import TypeAlias

from tests.contract.roads.asgi import Headers
from tests.contract.roads.operations import JSON
from tests.contract.roads.site import LARGEST_BODY, MOST_ITEMS


def told(*types: bytes) -> Headers:
    return tuple((b"content-type", one) for one in types)


MakeBody: TypeAlias = Callable[[], bytes]  # each time with other values
Sent: TypeAlias = tuple[str, Headers, tuple[bytes, ...]]  # a name, and what tells its type, and the parts


TYPES: dict[str, Headers] = {
    "no type": (),
    "text": told(b"text/plain"),
    "charset": told(b"application/json; charset=utf-8"),
    "other charset": told(b"application/json; charset=latin-1"),
    "unknown charset": told(b"application/json; charset=nonsense"),
    "capitals": told(b"Application/JSON"),
    "a suffix": told(b"application/merge-patch+json"),
    "empty parameter": told(b"application/json;"),
    "spaces": told(b" application/json "),
    "two types": told(b"application/json", b"text/plain"),
    "two types, json last": told(b"text/plain", b"application/json"),
    "a list": told(b"application/json, application/json"),
    "a form": told(b"application/x-www-form-urlencoded"),
    "parts": told(b"multipart/form-data; boundary=x"),
    "compressed": (*JSON, (b"content-encoding", b"gzip")),
    "a length": (*JSON, (b"content-length", b"3")),
    "no length": (*JSON, (b"transfer-encoding", b"chunked")),
}
VALUES: dict[str, object] = {
    "null": None,
    "number": 7,
    "fraction": 1.5,
    "huge": 10**30,
    "most": 2**63,
    "negative": -1,
    "true": True,
    "text": "x",
    "no text": "",
    "blank": "   ",
    "digits": "12",
    "long": "x" * 300,
    "list": [],
    "object": {"a": 1},
    "unicode": "ünï 日本 \U0001f600",
    "white space": "\u2028\u00a0x",
}
RAW: dict[str, bytes] = {
    "nothing": b"",
    "broken": b'{"',
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "empty object": b"{}",
    "spaces": b"  \n",
    "single quotes": b"{'a': 1}",
    "comma behind": b'{"title": "x",}',
    "comment": b"{} // x",
    "two": b"{} {}",
    "nan": b'{"title": NaN}',
    "infinity": b'{"title": -Infinity}',
    "overflow": b'{"price": 1e400}',
    "many digits": b'{"stock": ' + b"9" * 5000 + b"}",
    "nul": b'{"title": "a\\u0000b"}',
    "raw nul": b'{"title": "a\0b"}',
    "surrogate": b'{"title": "\\ud800"}',
    "surrogate in a name": b'{"\\udc00": 1}',
    "latin-1": '{"title": "ü"}'.encode("latin-1"),
    "utf-16": '{"title": "x"}'.encode("utf-16"),
    "deep": b'{"title": ' + b"[" * 150 + b"]" * 150 + b"}",
    "very deep": b"[" * 9_000 + b"]" * 9_000,
    "large": b'{"title": "' + b"x" * LARGEST_BODY + b'"}',
    "many": b"[" + b"1," * MOST_ITEMS + b"1]",
    "nothing known": b'{"__proto__": {}, "constructor": 1}',
}


def typed(make: MakeBody) -> Iterator[Sent]:
    """The same body, told to be of another type."""
    for name, headers in TYPES.items():
        yield f"type: {name}", headers, (make(),)


def framed(make: MakeBody) -> Iterator[Sent]:
    """The same object, written or cut in another way."""
    body = make()
    yield "in parts", JSON, (body[:9], b"", body[9:])
    yield "byte by byte", JSON, tuple(bytes([one]) for one in make())
    yield "mark", JSON, (b"\xef\xbb\xbf" + make(),)
    yield "spaces around", JSON, (b" \r\n\t" + make() + b"\n ",)
    yield "escaped", JSON, (make().replace(b"e", b"\\u0065"),)
    yield "garbage behind", JSON, (make() + b"x",)
    yield "twice the same name", JSON, (make()[:-1] + b", " + make()[1:],)


def raw(_make: MakeBody) -> Iterator[Sent]:
    """No object of this schema, or no JSON at all."""
    for name, one in RAW.items():
        yield f"raw: {name}", JSON, (one,)


def changed(make: MakeBody) -> Iterator[Sent]:
    """The right object with another value, a field less, or one more."""
    for field in (right := json.loads(make())):
        for name, value in VALUES.items():
            yield f"{field}: {name}", JSON, (json.dumps(right | {field: value}).encode(),)
        yield (
            f"{field}: left out",
            JSON,
            (json.dumps({key: one for key, one in right.items() if key != field}).encode(),),
        )
    for field in ("id", "owner_id", "colour", "é"):
        yield f"{field}: unknown", JSON, (json.dumps(right | {field: 1}).encode(),)


KINDS: tuple[Callable[[MakeBody], Iterator[Sent]], ...] = (typed, framed, raw, changed)
