"""Convert values to texts that are shown and edited, and parse them."""

import json
import math
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from dovetail.translation import formats
from dovetail.translation.texts import gettext, gettext_lazy, pgettext
from dovetail.translation.zones import ambiguous_offset, local

SHORT_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]+(\d{2}:\d{2})(:\d{2}(?:\.\d{1,6})?)?(.*)", re.DOTALL)
DAY_PARTS = {"%d": r"(?P<day>\d{1,2})", "%m": r"(?P<month>\d{1,2})", "%Y": r"(?P<year>\d{4})"}
WITH_POINTS = "%d.%m.%Y"  # accepted in every language, like ISO 8601, since it is unambiguous
DURATION = re.compile(
    r"(?:\+|([-\u2212]))?\s*(?=\S)(?:(\d[\d.,'\s]*)([^\W\d_]+),?\s*)?(?:(\d{1,6}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?)?"
)
WRONG_JSON = (  # the messages of Python's json module
    gettext_lazy("Expecting value"),
    gettext_lazy("Expecting property name enclosed in double quotes"),
    gettext_lazy("Expecting ':' delimiter"),
    gettext_lazy("Expecting ',' delimiter"),
    gettext_lazy("Extra data"),
    gettext_lazy("Unterminated string starting at"),
    gettext_lazy("Invalid control character at"),
    gettext_lazy("Invalid \\escape"),
    gettext_lazy("Invalid \\uXXXX escape"),
    gettext_lazy("Illegal trailing comma before end of object"),
    gettext_lazy("Illegal trailing comma before end of array"),
)
MOST_DIGITS = 9  # days in a timedelta
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def as_text(value: object) -> str:  # noqa: PLR0911 - a table of types
    """Return a value as text for editing: times to the second, datetimes in the user's zone, JSON as JSON."""
    match value:
        case Enum():
            return as_text(value.value)
        case datetime():
            return local(value).replace(tzinfo=None).isoformat(" ", "seconds")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("seconds")
        case timedelta():
            return formats.duration(value)
        case Decimal():
            return format(value, "f")
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def as_duration(value: timedelta) -> str:
    """Return a duration as text for files, independent of the language: `[-][2 days, ]hh:mm:ss[.ffffff]`."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{value.days} day{'' if value.days == 1 else 's'}, " if value.days else ""
    fraction = f".{value.microseconds:06}" if value.microseconds else ""
    return f"{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}"


def read_moment(text: str) -> str:
    """Return a datetime as typed by users or submitted by browsers in ISO 8601; seconds may be missing."""
    text = read_day(text)
    found = SHORT_MOMENT.fullmatch(text.strip())
    if found is None:
        return text
    day, minute, second, zone = found.groups()
    return f"{day}T{minute}{second or ':00'}{zone.strip()}"


def typed_moment(value: datetime) -> str:
    """Return a moment as it is typed: to the second, in the zone of who asks; with its offset, if that has it twice."""
    shown = local(value)
    return f"{formats.typed_day(shown)} {shown:%H:%M:%S}{ambiguous_offset(shown)}"


def read_day(text: str) -> str:
    """Return a text with the date at its start in ISO 8601, from the format of the language or `24.12.2026`."""
    for day_format in (formats.day_format(), WITH_POINTS):
        found = _day_shape(day_format).match(text)
        if found is not None:
            return f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}{text[found.end() :]}"
    return text


def read_duration(text: str) -> str:
    """Return a duration in the format of the language, or of English, as text that pydantic parses."""
    found = DURATION.fullmatch(text.strip())
    if found is None:
        return text
    sign, count, word, hours, minutes, seconds, fraction = found.groups()
    count = (count or "0").strip().replace(pgettext("between thousands", ","), "")
    if not count.isdigit() or len(count) > MOST_DIGITS:
        return text
    if (word or "d").lower() not in {"d", "day", "days", *formats.words_for_days()}:
        return text
    more, hour = divmod(int(hours or 0), 24)
    clock = f"{hour:02}:{minutes or '00'}:{seconds or '00'}.{fraction or 0}"
    return f"{'-' if sign else ''}{int(count) + more} days, {clock}"


def read_number(text: str) -> str:
    """Return a number in the format of the language, or of code, as text in the format of code.

    Raise ValueError for an ambiguous one, such as 1.234 in German.
    """
    point, group = pgettext("before decimals", "."), pgettext("between thousands", ",")
    plain = text.strip().replace("\u2212", "-")
    if re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(group)}\d{{3}})+(?:{re.escape(point)}\d*)?", plain):
        ungrouped = plain.replace(group, "")
        if group == "." and plain.count(group) == 1 and point not in plain:
            told = gettext("This could be %(one)s or %(other)s: write it in one of these ways.")
            raise ValueError(told % {"one": ungrouped, "other": plain.replace(group, point)})
        plain = ungrouped
    return plain.replace(point, ".")


def why_no_json(error: json.JSONDecodeError) -> str:
    """Return the translated message about invalid JSON."""
    return gettext(error.msg)


def read_json(text: str) -> Any:
    """Return the value of a JSON text. Raise ValueError if it is invalid, or no database could store it."""
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
        written = json.dumps(value, ensure_ascii=False)
        written.encode()
    except RecursionError:
        raise ValueError(gettext("This is nested too deeply.")) from None
    except UnicodeEncodeError:
        raise ValueError(gettext("This holds half of a character (a lone surrogate).")) from None
    except json.JSONDecodeError as error:
        raise ValueError(
            gettext("This is not JSON: %(msg)s (line %(lineno)s, column %(colno)s).")
            % {"msg": why_no_json(error), "lineno": error.lineno, "colno": error.colno}
        ) from None
    if NUL.search(written):
        raise ValueError(gettext("Null characters are not allowed."))
    return value


@lru_cache(maxsize=16)
def _day_shape(day_format: str) -> re.Pattern[str]:
    parts = re.findall(r"%.|[^%]+", day_format)
    shape = "".join(DAY_PARTS.get(part) or rf"{re.escape(part.rstrip())}\s?" for part in parts)
    return re.compile(rf"\s*{shape}(?!\d)")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(gettext("A number is not finite."))
    return number
