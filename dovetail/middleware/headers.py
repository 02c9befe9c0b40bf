"""Read headers from an ASGI scope, as pairs of bytes with lower-case names; this is cheaper than a Headers object."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # commands that record events do not import Starlette
    from starlette.types import Scope

MAXIMUM_FIELDS = 1000  # in a form or query; Starlette's form parsers have the same limit
Pair: TypeAlias = tuple[bytes, bytes]
Pairs: TypeAlias = Sequence[Pair]
Values: TypeAlias = Mapping[bytes, bytes]  # one value for each name


def first_values(scope: "Scope") -> Values:
    """Return the request's headers by name; for a header that was sent several times, the first value."""
    return dict(reversed([*scope["headers"]]))


def header(scope: "Scope", name: bytes) -> str:
    """Return the first value of the request header `name` (in lower case); "" if it was not sent."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""


def list_header(scope: "Scope", name: bytes) -> str | None:
    """Return all values of a list-valued header, joined with commas; None if it was not sent.

    A list may be divided into several header lines (https://www.rfc-editor.org/rfc/rfc9110#section-5.3).
    """
    lines = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ", ".join(lines) if lines else None


def is_utf_8(charset: bytes) -> bool:
    """Return whether a `charset` parameter names UTF-8."""
    return charset.strip().lower() in {b"utf-8", b"utf8"}
