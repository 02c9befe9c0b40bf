"""Cursors: the place where a page ends, as an opaque text that is signed by the site."""

from dataclasses import dataclass, replace
from typing import Any, cast

from pydantic import SecretStr

from dovetail.errors import FieldError, InvalidInputError
from dovetail.signing import BadSignatureError, Signer


@dataclass(frozen=True)
class Cursor:
    """The place after (or before) a row: the row's values of the columns that the list is ordered by, as JSON."""

    ordering: str
    values: tuple[Any, ...]
    backwards: bool = False
    inclusive: bool = False  # whether the row itself belongs to the page

    def turned(self) -> "Cursor":
        """Return the same place in the other direction, so that each row is on exactly one of the two sides."""
        return replace(self, backwards=not self.backwards, inclusive=not self.inclusive)


def write_cursor(cursor: Cursor, *, secret_key: SecretStr, list_name: str) -> str:
    """Return `cursor` as a text for URLs, which only the list of this name takes."""
    parts = [cursor.ordering, cursor.backwards, cursor.inclusive, *cursor.values]
    return _signer(secret_key, list_name).dumps(parts)


def read_cursor(text: str, *, secret_key: SecretStr, list_name: str) -> Cursor:
    """Return the cursor that `write_cursor` wrote. Raise InvalidInputError for every other text."""
    try:
        parts = _signer(secret_key, list_name).loads(text)
    except BadSignatureError:
        raise bad_cursor() from None
    ordering, backwards, inclusive, *values = cast("list[Any]", parts)
    return Cursor(ordering, tuple(values), backwards, inclusive)


def bad_cursor(
    detail: str = "expected a cursor that this list gave out, or nothing for the first page",
) -> InvalidInputError:
    """Return the error for a cursor that this list did not give out."""
    return InvalidInputError(errors=[FieldError(pointer="cursor", detail=detail, type="bad_cursor")])


def _signer(secret_key: SecretStr, list_name: str) -> Signer:
    return Signer(secret_key, f"dovetail.cursors {list_name}")
