"""Headers as ASGI has them: a few pairs of bytes, names in lower case. Looking is cheaper than making an object."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # commands that record events do without Starlette
    from starlette.types import Scope

MAXIMUM_FIELDS = 1000  # of a form and of a query; Starlette's parsers of forms have the same limit
Pair: TypeAlias = tuple[bytes, bytes]
Pairs: TypeAlias = Sequence[Pair]
Values: TypeAlias = Mapping[bytes, bytes]  # one value by name


def first_values(scope: "Scope") -> Values:
    """Return the request's headers by name; of those that were sent twice, the first value."""
    return dict(reversed([*scope["headers"]]))


def header(scope: "Scope", name: bytes) -> str:
    """The first value of the request's header `name`, which is in lower case; empty without one."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""


def list_header(scope: "Scope", name: bytes) -> str | None:
    """Return all values of a header that is a list, with commas between; None without the header.

    A list may come in several lines, which mean the same as one (https://www.rfc-editor.org/rfc/rfc9110#section-5.3).
    """
    lines = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ", ".join(lines) if lines else None


def is_utf_8(charset: bytes) -> bool:
    """Return whether a `charset` parameter names UTF-8."""
    return charset.strip().lower() in {b"utf-8", b"utf8"}
