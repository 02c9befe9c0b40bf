"""Ranges as PostgreSQL writes them (https://www.postgresql.org/docs/current/rangetypes.html#RANGETYPES-IO)."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from operator import gt
from typing import Annotated, Literal, TypeAlias, cast

from pydantic import AwareDatetime, Field, NaiveDatetime, TypeAdapter, ValidationError
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import Range

from dovetail.errors import quoted

Bound: TypeAlias = int | Decimal | date | datetime
Bounds: TypeAlias = Literal["()", "[)", "(]", "[]"]
BOUND = r'([^",()\[\]]*|\s*"[^",()\[\]]*"\s*)'  # with its spaces, so that each can be read in one way only
WRITTEN = re.compile(rf"\s*([\[(]){BOUND},{BOUND}([\])])\s*")
# The database's limits. They exclude the largest value: PostgreSQL stores an inclusive upper bound as the next value.
ITEMS: Mapping[tuple[type, ...], object] = {
    (postgresql.INT4RANGE, postgresql.INT4MULTIRANGE): Annotated[int, Field(ge=-(2**31), lt=2**31 - 1)],
    (postgresql.INT8RANGE, postgresql.INT8MULTIRANGE): Annotated[int, Field(ge=-(2**63), lt=2**63 - 1)],
    (postgresql.NUMRANGE, postgresql.NUMMULTIRANGE): Annotated[Decimal, Field(allow_inf_nan=False, max_digits=1000)],
    (postgresql.DATERANGE, postgresql.DATEMULTIRANGE): Annotated[date, Field(lt=date.max)],
    (postgresql.TSRANGE, postgresql.TSMULTIRANGE): NaiveDatetime,
    (postgresql.TSTZRANGE, postgresql.TSTZMULTIRANGE): AwareDatetime,
}


def read_range(kind: type, text: str) -> Range[Bound]:
    """Return the range that a text describes; `kind` is a subclass of its column type.

    Raise ValueError with the reason if it is none.
    """
    if text.strip().lower() == "empty":
        return Range(empty=True)
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a range as in [1,5) or (,9] or empty, found {quoted(text)}")
    lower, upper = (_read_bound(kind, found[group].strip().strip('"').strip()) for group in (2, 3))
    if lower is not None and upper is not None and gt(lower, upper):  # both are of one type
        raise ValueError(f"expected a lower bound that is not above the upper one, found {quoted(text)}")
    return Range(lower, upper, bounds=cast("Bounds", found[1] + found[4]))


def write_range(value: object) -> str:
    """Return a range as text."""
    if not isinstance(value, Range):
        return str(value)
    if value.empty:
        return "empty"
    return f"{value.bounds[0]}{_write_bound(value.lower)},{_write_bound(value.upper)}{value.bounds[1]}"


def _read_bound(kind: type, text: str) -> Bound | None:
    if not text:
        return None
    try:
        found: Bound = _adapter(kind).validate_python(text)
    except ValidationError as error:
        raise ValueError(f"{quoted(text)} is no bound: {error.errors()[0]['msg']}") from None
    return found.astimezone(UTC) if isinstance(found, datetime) and found.tzinfo is not None else found


@cache
def _adapter(kind: type) -> TypeAdapter[Bound]:
    item = next(item for kinds, item in ITEMS.items() if issubclass(kind, kinds))
    return TypeAdapter(cast("type[Bound]", item))


def _write_bound(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
