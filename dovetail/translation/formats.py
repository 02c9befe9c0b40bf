"""Format numbers, dates and times in the language and time zone of the user.

Each language defines the formats in its catalog: German translates `%Y-%m-%d` as `%d.%m.%Y`
(https://docs.python.org/3/library/datetime.html).
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from dovetail.translation.texts import ngettext, pgettext
from dovetail.translation.zones import ambiguous_offset, local, zone_name

TYPED = re.compile(r"(?:%[dmY][^\w%]*){3}")  # all that is needed to read it again


def number(value: float | Decimal) -> str:
    """Return a number with separators for thousands and decimals."""
    whole, dot, rest = f"{value:,}".partition(".")
    whole = whole.replace(",", pgettext("between thousands", ","))
    return f"{whole}{pgettext('before decimals', '.')}{rest}" if dot else whole


def decimal(text: str) -> str:
    """Return a decimal number, given as text with a decimal point."""
    return text.replace(".", pgettext("before decimals", "."))


def day(value: date) -> str:
    """Return a date; for a datetime, its date in the user's time zone."""
    shown = local(value) if isinstance(value, datetime) else value
    return shown.strftime(pgettext("date format", "%Y-%m-%d"))


def day_format() -> str:
    """Return how days are typed: as the language writes them, if that is in digits; or else as ISO 8601 does."""
    own = pgettext("date format", "%Y-%m-%d")
    return own if TYPED.fullmatch(own) and {"%d", "%m", "%Y"} <= set(re.findall("%.", own)) else "%Y-%m-%d"


def typed_day(value: date) -> str:
    """Return a day as it is typed; of a moment, that of its own zone."""
    return value.strftime(day_format().replace("%Y", f"{value.year:04}"))  # C leaves the zeros of early years out


def typed_iso_day(text: str) -> str:
    """Return a day that is written as ISO 8601 has it as it is typed; anything else as it is."""
    try:
        return typed_day(date.fromisoformat(text))
    except ValueError:
        return text


def iso_day(text: str) -> str:
    """Return a date, given in ISO 8601."""
    return day(date.fromisoformat(text))


def moment(value: datetime) -> str:
    """Return a date and time, to the minute; with its offset, if the clock shows it twice."""
    shown = local(value)
    return shown.strftime(pgettext("date format", "%Y-%m-%d %H:%M")) + ambiguous_offset(shown)


def clock(value: datetime) -> str:
    """Return a time of day, to the minute."""
    return local(value).strftime(pgettext("date format", "%H:%M"))


def exact(value: datetime) -> str:
    """Return a date and time to the second, with the name of the time zone; with its offset as `moment` has it."""
    moment_there = local(value)
    shown = moment_there.strftime(pgettext("date format", "%Y-%m-%d %H:%M:%S")) + ambiguous_offset(moment_there)
    return shown if value.tzinfo is None else f"{shown} {zone_name()}"


def duration(value: timedelta) -> str:
    """Return a duration as days and HH:MM:SS."""
    sign, length = ("-", -value) if value < timedelta() else ("", value)
    days = f"{_days(length.days)}, " if length.days else ""
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = decimal(f".{length.microseconds:06}") if length.microseconds else ""
    return f"{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}"


def words_for_days() -> set[str]:
    """Return the words that can stand beside a number of days, in lower case."""
    return {word.lower() for count in (1, 2) for word in _days(count).split() if word.isalpha()}


def month_names() -> tuple[str, ...]:
    """Return the names of the months, January first."""
    return (
        pgettext("month", "January"),
        pgettext("month", "February"),
        pgettext("month", "March"),
        pgettext("month", "April"),
        pgettext("month", "May"),
        pgettext("month", "June"),
        pgettext("month", "July"),
        pgettext("month", "August"),
        pgettext("month", "September"),
        pgettext("month", "October"),
        pgettext("month", "November"),
        pgettext("month", "December"),
    )


def _days(count: int) -> str:
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": number(count)}
