"""Cursors: where a page ends, as an opaque text that only this site can have written."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hmac import compare_digest, digest
from typing import Any

from project.errors import FieldError, InvalidInputError

SIGNATURE_LENGTH = 16  # bytes of an HMAC-SHA256
PURPOSE = b"dovetail cursor 1\0"  # the same secret signs other things too


@dataclass(frozen=True)
class Cursor:
    """The place after (or before) a row: its values of the columns that the list is ordered by, as JSON values."""

    ordering: str
    values: tuple[Any, ...]
    backwards: bool = False


def write_cursor(cursor: Cursor, *, secret: str, scope: str) -> str:
    """`cursor` as a text for URLs; `scope` names the list it belongs to."""
    payload = json.dumps([cursor.ordering, cursor.backwards, *cursor.values], separators=(",", ":")).encode()
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
    ordering, backwards, *values = json.loads(payload)
    return Cursor(ordering, tuple(values), backwards)


def bad_cursor(
    detail: str = "expected a cursor that this list gave out, or nothing for the first page",
) -> InvalidInputError:
    """The answer to a cursor that is not ours."""
    return InvalidInputError(errors=[FieldError(pointer="cursor", detail=detail, type="bad_cursor")])


def _sign(payload: bytes, secret: str, scope: str) -> bytes:
    return digest(secret.encode(), PURPOSE + scope.encode() + b"\0" + payload, "sha256")[:SIGNATURE_LENGTH]
