"""Cursors: where a page ends, as an opaque text that only this site can have written."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from hmac import compare_digest, digest
from typing import Any

from dovetail.errors import FieldError, InvalidInputError

SIGNATURE_LENGTH = 16  # bytes of an HMAC-SHA256
PURPOSE = b"dovetail cursor 2\0"  # the same secret signs other things too


@dataclass(frozen=True)
class Cursor:
    """The place after (or before) a row: its values of the columns that the list is ordered by, as JSON values."""

    ordering: str
    values: tuple[Any, ...]
    backwards: bool = False
    inclusive: bool = False  # the row is among those that are read from here

    def turned(self) -> "Cursor":
        """The same place, looked at in the other direction: every row is on one side of it or on the other."""
        return replace(self, backwards=not self.backwards, inclusive=not self.inclusive)


def write_cursor(cursor: Cursor, *, secret: str, scope: str) -> str:
    """`cursor` as a text for URLs; `scope` names the list it belongs to."""
    parts = [cursor.ordering, cursor.backwards, cursor.inclusive, *cursor.values]
    payload = json.dumps(parts, separators=(",", ":")).encode()
    return urlsafe_b64encode(_sign(payload, secret, scope) + payload).rstrip(b"=").decode()


def read_cursor(text: str, *, secret: str, scope: str) -> Cursor:
    """The cursor that `write_cursor` wrote. Raises InvalidInputError for any other text."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        raise bad_cursor() from None
    signature, payload = raw[:SIGNATURE_LENGTH], raw[SIGNATURE_LENGTH:]
    if not compare_digest(signature, _sign(payload, secret, scope)):
        raise bad_cursor()
    ordering, backwards, inclusive, *values = json.loads(payload)
    return Cursor(ordering, tuple(values), backwards, inclusive)


def bad_cursor(
    detail: str = "expected a cursor that this list gave out, or nothing for the first page",
) -> InvalidInputError:
    """The answer to a cursor that is not ours."""
    return InvalidInputError(errors=[FieldError(pointer="cursor", detail=detail, type="bad_cursor")])


def _sign(payload: bytes, secret: str, scope: str) -> bytes:
    return digest(secret.encode(), PURPOSE + scope.encode() + b"\0" + payload, "sha256")[:SIGNATURE_LENGTH]
