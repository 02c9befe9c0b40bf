"""Entity tags (RFC 9110, sections 8.8.3 and 13.1): `"<version of the row>-<digest of the answer>"`.

If-None-Match compares the whole tag, so that 304 is never answered for another representation or for a nested object
that changed. If-Match compares the version only: a writer is stale when the row has changed, whatever fields the
writer had asked for.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import inspect

from dovetail.errors import StaleWriteError

STAR = "*"


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


def version(values: Sequence[object]) -> str:
    """Return the version of a row that has these values of its version attributes."""
    return _digest(values).hexdigest()


def etag(values: Sequence[object], body: bytes) -> str:
    """Return the strong entity tag of a response."""
    digest = _digest(values)
    own = digest.hexdigest()
    digest.update(body)
    return f'"{own}-{digest.hexdigest()}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Return True if a client has the response already (weak comparison)."""
    given = [one.removeprefix("W/") for one in _split(if_none_match)]
    return STAR in given or tag in given


def check_if_match(if_match: str, values: Sequence[object]) -> None:
    """Raise StaleWriteError unless one of the tags is of this version of the row (strong comparison)."""
    current = version(values)
    for one in _split(if_match):
        if one == STAR or one.strip('"').partition("-")[0] == current:
            return
    raise StaleWriteError


def _digest(values: Sequence[object]) -> blake2b:
    # A moment's repr() takes ten times as long as its ISO form.
    texts = [value.isoformat() if type(value) is datetime else repr(value) for value in values]
    return blake2b("\0".join(texts).encode("utf-8", "replace"), digest_size=8)


def _split(header: str) -> list[str]:
    return [one.strip() for one in header.split(",")]
