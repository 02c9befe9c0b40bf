"""Format dates, times and numbers of recorded values as pages do, in the language and time zone of the user."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Date, DateTime, Enum, Interval, Numeric, inspect
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.orm import Mapper
from sqlalchemy.types import TypeEngine

from dovetail.contrib.admin.columns.readers import bare
from dovetail.contrib.admin.columns.texts import as_text
from dovetail.contrib.history.admin.related import Texts
from dovetail.contrib.history.models import RecordedChange
from dovetail.translation import formats
from dovetail.translation.texts import lazy_name
from dovetail.translation.words import choice_in_words

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - SQLAlchemy stores an interval in SQLite as a datetime counted from here
DURATION = re.compile(r"(?:(-?\d+) days?)? ?(?:([+-]?)(\d+):(\d\d):(\d\d(?:\.\d+)?))?")  # PostgreSQL's text format

Values = Mapping[str, object]
NO_TEXTS: Texts = {}


def displayed_values(model: type[object], row: RecordedChange, texts: Texts = NO_TEXTS) -> tuple[Values, Values]:
    """Return the formatted values before and after a change; keys found in `texts` are replaced by those names.

    If two different values would look the same, such as two times within one second, both are left unformatted, so
    that the user sees that they differ.
    """
    before, after = _shown(model, row.before, texts), _shown(model, row.after, texts)
    alike = {name for name in before if name in after and before[name] == after[name]}
    return {**before, **_of(row.before, alike)}, {**after, **_of(row.after, alike)}


def _shown(model: type[object], values: Values, texts: Texts) -> Values:
    mapper: Mapper[object] = inspect(model)
    named = {name: None if value is None else texts.get((name, str(value))) for name, value in values.items()}
    return {name: named[name] or _as_page(mapper, name, value) for name, value in values.items()}


def _as_page(mapper: Mapper[object], name: str, value: object) -> object:
    if name not in mapper.column_attrs or isinstance(value, bool):
        return value
    kind = bare(mapper.column_attrs[name].columns[0].type)
    if isinstance(value, float | Decimal) or (isinstance(value, int) and isinstance(kind, Numeric)):
        return formats.decimal(as_text(_with_places(kind, value)))
    return _text_as_page(kind, value) if isinstance(value, str) else value


def _text_as_page(kind: TypeEngine[object], value: str) -> str:
    try:
        if isinstance(kind, Enum) and kind.enum_class is not None:
            members = dict(zip(kind.enums, kind.enum_class, strict=False))
            if value not in members:
                return value
            return str(lazy_name(choice_in_words(members[value]), kind.enum_class.__module__))
        if isinstance(kind, DateTime):
            return formats.exact(datetime.fromisoformat(value))
        if isinstance(kind, Interval | INTERVAL):
            return formats.duration(_duration(value))
        return formats.day(date.fromisoformat(value)) if isinstance(kind, Date) else value
    except (ValueError, OverflowError):  # a redacted value, or one recorded when the column had another type
        return value


def _with_places(kind: TypeEngine[object], value: float | Decimal) -> object:
    """Return a number with as many decimals as its column stores: JSON drops trailing zeros."""
    if not isinstance(kind, Numeric) or not kind.asdecimal or kind.scale is None:
        return value
    found = Decimal(str(value))
    try:
        scaled = found.quantize(Decimal(1).scaleb(-kind.scale))
    except ArithmeticError:  # the recorded number has more digits than the column has today
        return found
    return scaled if scaled == found else found


def _duration(text: str) -> timedelta:
    found = DURATION.fullmatch(text)
    if found is None or not text:
        return datetime.fromisoformat(text) - EPOCH
    days, sign, hours, minutes, seconds = found.groups("0")
    clock = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    return timedelta(days=int(days)) + (-clock if sign == "-" else clock)


def _of(values: Values, names: set[str]) -> Values:
    return {name: value for name, value in values.items() if name in names}
