"""Entity tags (RFC 9110, sections 8.8.3 and 13.1): `"<version of the row>-<digest of the answer>"`.

If-None-Match compares the whole tag, so that 304 is never answered for another representation or for a nested object
that changed. If-Match compares the version only: a writer is stale when the row has changed, whatever fields the
writer had asked for.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

import orjson
from sqlalchemy import ColumnElement, Dialect, LargeBinary, String, bindparam, func, inspect, literal_column
from sqlalchemy.orm import Mapper
from sqlalchemy.types import TypeEngine

from dovetail.database.column_types import UTCDateTime
from dovetail.errors import StaleWriteError
from dovetail.resources.sql.json_values import Convert, result_processor

STAR = "*"
BETWEEN = "\0"  # stands in no value
VERSION_LENGTH = 16  # hexadecimal digits
VERSION, BEFORE = "version", "before_moment"  # placeholders: the digest, and what its text begins with
# What `_text` makes of a moment, in PostgreSQL's words.
ISO_FORMAT = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'""", String)


def version_attributes(model: type[object]) -> list[str]:
    """Return the attributes that change with every write: a version column, or `updated_at`, or else all columns."""
    mapper = inspect(model)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    if mapper.version_id_col is not None:
        return [*keys, mapper.get_property_by_column(mapper.version_id_col).key]
    return [*keys, "updated_at"] if "updated_at" in mapper.column_attrs else list(mapper.column_attrs.keys())


def version_within(model: type[object], attributes: Sequence[str], hidden: Collection[str]) -> tuple[str, ...]:
    """Return those of the version attributes that are not hidden; all other columns if only the key is left of them."""
    mapper = inspect(model)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    shown = [name for name in attributes if name in keys or name not in hidden]
    if len(shown) < len(attributes) and all(name in keys for name in shown):
        shown = [name for name in mapper.column_attrs.keys() if name in keys or name not in hidden]  # noqa: SIM118 - it is no mapping
    return tuple(shown)


def value_reader(column_type: TypeEngine[object], dialect: Dialect) -> Convert | None:
    """Return what makes the value of which a version is made of a driver's; None if it is the same."""
    if isinstance(column_type, UTCDateTime) and dialect.name == "sqlite":
        return _stored_moment  # which through all layers of its type takes four times as long
    return result_processor(column_type, dialect)


def version(values: Sequence[object]) -> str:
    """Return the version of a row that has these values of its version attributes."""
    # PostgreSQL has SHA-256 too, and processors know it: of a post it takes half as long as BLAKE2.
    return sha256(_text(values)).hexdigest()[:VERSION_LENGTH]


def etag(values: Sequence[object], body: bytes) -> str:
    """Return the strong entity tag of a response."""
    digest = sha256(_text(values))
    version = digest.hexdigest()[:VERSION_LENGTH]
    digest.update(body)
    return f'"{version}-{digest.hexdigest()[:VERSION_LENGTH]}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Return True if a client has the response already (weak comparison)."""
    given = [one.removeprefix("W/") for one in _split(if_none_match)]
    return STAR in given or tag in given


def check_if_match(if_match: str, values: Sequence[object]) -> None:
    """Raise StaleWriteError unless one of the tags is of this version of the row (strong comparison)."""
    current = version(values)
    for one in _split(if_match):
        if one == STAR or _version_of(one) == current:
            return
    raise StaleWriteError


def only_version(if_match: str) -> str | None:
    """Return the version that a header names, "*" for any; None if it names several tags."""
    tags = _split(if_match)
    if len(tags) > 1:
        return None
    return STAR if tags[0] == STAR else _version_of(tags[0])


def has_version(changed_at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition, for PostgreSQL, that a row is of a version that is made of its key and this moment.

    `version_arguments` gives the values of its placeholders.
    """
    moment = func.to_char(func.timezone(literal_column("'UTC'", String), changed_at), ISO_FORMAT)
    text = bindparam(BEFORE, type_=LargeBinary).concat(func.convert_to(moment, literal_column("'UTF8'", String)))
    digest = func.encode(func.sha256(text), literal_column("'hex'", String))
    found: ColumnElement[bool] = func.left(digest, VERSION_LENGTH) == bindparam(VERSION, type_=String)
    return found


def version_arguments(key: object, version: str) -> dict[str, object]:
    """Return what the row with this key is asked by `has_version`."""
    return {VERSION: version, BEFORE: _text((key,)) + BETWEEN.encode()}


@cache
def is_told_by_moment(mapper: Mapper[object], attributes: tuple[str, ...]) -> bool:
    """Return True if a version is made of the key and a moment, as `has_version` asks for it."""
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    *others, last = attributes
    return len(keys) == 1 and others == keys and isinstance(getattr(mapper.class_, last).type, UTCDateTime)


def _stored_moment(stored: str | None) -> datetime | None:
    if stored is None:
        return None
    moment = datetime.fromisoformat(stored)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _text(values: Sequence[object]) -> bytes:
    texts = [_moment_text(value) if type(value) is datetime else repr(value) for value in values]
    return BETWEEN.join(texts).encode("utf-8", "replace")


def _moment_text(moment: datetime) -> str:
    # orjson writes it four times as fast, but leaves out microseconds that are zero, and refuses odd offsets.
    if moment.microsecond and moment.tzinfo is UTC:
        return orjson.dumps(moment)[1:-1].decode()
    return moment.isoformat("T", "microseconds")


def _version_of(tag: str) -> str:
    return tag.strip('"').partition("-")[0]


def _split(header: str) -> list[str]:
    return [one.strip() for one in header.split(",")]
