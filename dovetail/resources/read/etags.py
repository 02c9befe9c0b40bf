"""Entity tags (RFC 9110, sections 8.8.3 and 13.1): `"<version of the row>-<digest of the response>"`.

If-None-Match compares the whole tag, so that 304 is never answered for another representation, or after a nested object
has changed. If-Match compares the version only: a writer is stale if the row has changed, whatever fields the writer
had requested.
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
BETWEEN = "\0"  # a separator that no value contains
VERSION_LENGTH = 16  # hexadecimal digits
VERSION, BEFORE = "version", "before_moment"  # placeholders: the digest, and the part of its text before the time
# The format of times in `_text`, for PostgreSQL's to_char.
ISO_FORMAT = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'""", String)


def version_attributes(model: type[object]) -> list[str]:
    """Return the key and the attributes that change with every write: version column, `updated_at`, or all columns."""
    mapper = inspect(model)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    if mapper.version_id_col is not None:
        return [*keys, mapper.get_property_by_column(mapper.version_id_col).key]
    return [*keys, "updated_at"] if "updated_at" in mapper.column_attrs else list(mapper.column_attrs.keys())


def version_within(model: type[object], attributes: Sequence[str], hidden: Collection[str]) -> tuple[str, ...]:
    """Return the version attributes that are not hidden; if only the key is left, all columns that are not hidden."""
    mapper = inspect(model)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    shown = [name for name in attributes if name in keys or name not in hidden]
    if len(shown) < len(attributes) and all(name in keys for name in shown):
        shown = [name for name in mapper.column_attrs.keys() if name in keys or name not in hidden]  # noqa: SIM118 - it is no mapping
    return tuple(shown)


def value_reader(column_type: TypeEngine[object], dialect: Dialect) -> Convert | None:
    """Return the function that converts a driver's value to the one that versions use; None if they are the same."""
    if isinstance(column_type, UTCDateTime) and dialect.name == "sqlite":
        return _stored_moment  # a quarter of the cost of going through all layers of the type
    return result_processor(column_type, dialect)


def version(values: Sequence[object]) -> str:
    """Return the version, 16 hexadecimal digits, of a row with these values of its version attributes."""
    # SHA-256: PostgreSQL has it too (`has_version`), and processors support it, so it takes half as long as BLAKE2.
    return sha256(_text(values)).hexdigest()[:VERSION_LENGTH]


def etag(values: Sequence[object], body: bytes) -> str:
    """Return the strong entity tag of a response, from the row's version values and the body."""
    digest = sha256(_text(values))
    version = digest.hexdigest()[:VERSION_LENGTH]
    digest.update(body)
    return f'"{version}-{digest.hexdigest()[:VERSION_LENGTH]}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Return True if `If-None-Match` has this tag, so that the client needs no body (weak comparison)."""
    given = [one.removeprefix("W/") for one in _split(if_none_match)]
    return STAR in given or tag in given


def check_if_match(if_match: str, values: Sequence[object]) -> None:
    """Raise StaleWriteError unless one of the tags has the version of these values (strong comparison)."""
    current = version(values)
    for one in _split(if_match):
        if one == STAR or _version_of(one) == current:
            return
    raise StaleWriteError


def only_version(if_match: str) -> str | None:
    """Return the version in an `If-Match` header, "*" for any; None if it has several tags."""
    tags = _split(if_match)
    if len(tags) > 1:
        return None
    return STAR if tags[0] == STAR else _version_of(tags[0])


def has_version(changed_at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition, for PostgreSQL, that a row has a given version, made of its key and the time `changed_at`.

    `version_arguments` returns the arguments of its placeholders.
    """
    moment = func.to_char(func.timezone(literal_column("'UTC'", String), changed_at), ISO_FORMAT)
    text = bindparam(BEFORE, type_=LargeBinary).concat(func.convert_to(moment, literal_column("'UTF8'", String)))
    digest = func.encode(func.sha256(text), literal_column("'hex'", String))
    found: ColumnElement[bool] = func.left(digest, VERSION_LENGTH) == bindparam(VERSION, type_=String)
    return found


def version_arguments(key: object, version: str) -> dict[str, object]:
    """Return the arguments of `has_version` for the row with this key."""
    return {VERSION: version, BEFORE: _text((key,)) + BETWEEN.encode()}


@cache
def is_told_by_moment(mapper: Mapper[object], attributes: tuple[str, ...]) -> bool:
    """Return True if the version is made of a single key column and a time, as `has_version` requires."""
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
    # orjson is four times as fast, but omits microseconds that are zero, and refuses offsets with seconds.
    if moment.microsecond and moment.tzinfo is UTC:
        return orjson.dumps(moment)[1:-1].decode()
    return moment.isoformat("T", "microseconds")


def _version_of(tag: str) -> str:
    return tag.strip('"').partition("-")[0]


def _split(header: str) -> list[str]:
    return [one.strip() for one in header.split(",")]
