"""Vouch for uploads: a signed token names a stored file, so that a body of JSON can write it and no other's."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, get_args

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo

from dovetail.files.media import MEDIA, Media
from dovetail.files.stored_file import StoredFile, is_key
from dovetail.signing import BadSignatureError
from dovetail.state import current_application

LIFETIME = timedelta(hours=1)
DESCRIPTION = "The `token` of an upload for this field, an hour old at most."


@dataclass(frozen=True)
class TakesUpload:
    """Reads the token of an upload for one column."""

    table: str
    column: str

    def __call__(self, token: str) -> StoredFile:
        """Return the file. Raise ValueError for a token of another column, one that is too old, and for no token."""
        app = current_application()
        media = None if app is None else MEDIA.find(app)
        key = None if media is None else read_token(media, token)
        if key is None or not key.startswith(f"{self.table}/{self.column}/"):
            raise ValueError("This is no token of an upload for this field, or is older than an hour; upload it again.")
        return key


def make_token(media: Media, key: StoredFile) -> str:
    """Return the token of a file that was just stored."""
    return media.signer.dumps([str(key), int((datetime.now(UTC) + LIFETIME).timestamp())])


def read_token(media: Media, token: str) -> StoredFile | None:
    """Return the file that a token names; None if it is none of ours, or too old."""
    try:
        value = media.signer.loads(token)
    except BadSignatureError:
        return None
    match value:
        case [str() as key, int() as until] if is_key(key) and until > datetime.now(UTC).timestamp():
            return StoredFile(key)
    return None


def upload_type(table: str, column: str) -> object:
    """Return the type of what a body sends for a column of files."""
    return Annotated[str, Field(description=DESCRIPTION), AfterValidator(TakesUpload(table, column))]


def takes_upload(field: FieldInfo) -> bool:
    """Return whether a field of a body reads tokens of uploads."""
    found = [*field.metadata, *_parts(field.annotation)]
    return any(isinstance(getattr(one, "func", None), TakesUpload) for one in found)


def _parts(annotation: object) -> list[object]:
    return [part for one in get_args(annotation) for part in (one, *getattr(one, "__metadata__", ()), *_parts(one))]
