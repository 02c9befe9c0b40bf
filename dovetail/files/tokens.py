"""Signed tokens for uploads: a JSON body names an uploaded file by its token, so it cannot name anybody else's file."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, get_args

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo

from dovetail.files.media import Media, current_media
from dovetail.files.stored_file import StoredFile, is_key
from dovetail.signing import BadSignatureError

LIFETIME = timedelta(hours=1)
DESCRIPTION = "The `token` of an upload for this field, at most an hour old."


@dataclass(frozen=True)
class TakesUpload:
    """A validator that replaces the token of an upload for one column by the file's key."""

    table: str
    column: str

    def __call__(self, token: str) -> StoredFile:
        """Return the key. Raise ValueError if the token is invalid, expired, or of another column."""
        media = current_media()
        key = None if media is None else read_token(media, token)
        if key is None or not key.startswith(f"{self.table}/{self.column}/"):
            raise ValueError("This is no valid upload token for this field, or it has expired; upload the file again.")
        return key


def make_token(media: Media, key: StoredFile) -> str:
    """Return a token for a file that was just stored, valid for an hour."""
    return media.signer.dumps([str(key), int((datetime.now(UTC) + LIFETIME).timestamp())])


def read_token(media: Media, token: str) -> StoredFile | None:
    """Return the key in a token; None if the token is invalid or expired."""
    try:
        value = media.signer.loads(token)
    except BadSignatureError:
        return None
    match value:
        case [str() as key, int() as until] if is_key(key) and until > datetime.now(UTC).timestamp():
            return StoredFile(key)
    return None


def upload_type(table: str, column: str) -> object:
    """Return the type, for a request body, of a field that sets a file column."""
    return Annotated[str, Field(description=DESCRIPTION), AfterValidator(TakesUpload(table, column))]


def takes_upload(field: FieldInfo) -> bool:
    """Return whether a field of a request body accepts tokens of uploads."""
    found = [*field.metadata, *_parts(field.annotation)]
    return any(isinstance(getattr(one, "func", None), TakesUpload) for one in found)


def _parts(annotation: object) -> list[object]:
    return [part for one in get_args(annotation) for part in (one, *getattr(one, "__metadata__", ()), *_parts(one))]
