"""Show values in lists and on pages."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any

from markupsafe import Markup, escape

from dovetail.contrib.admin.columns.files import listed_file, shown_file
from dovetail.contrib.admin.columns.texts import as_text
from dovetail.files.stored_file import StoredFile
from dovetail.translation import formats
from dovetail.translation.texts import gettext, ngettext

EMPTY = Markup('<span class="text-secondary">—</span>')


def empty(_value: None) -> Markup:
    """Show a dash for what is not there."""
    return EMPTY


def yes_or_no(value: bool) -> Markup:  # noqa: FBT001 - SQLAdmin calls it with the value alone
    """Show a coloured mark with its meaning in words."""
    icon, colour, said = (
        ("fa-circle-check", "success", gettext("Yes")) if value else ("fa-circle-minus", "secondary", gettext("No"))
    )
    word = escape(said)
    html = f'<i class="fa-solid {icon} text-{colour}" title="{word}"></i><span class="visually-hidden">{word}</span>'
    return Markup(html)  # noqa: S704 - as `Markup.format` writes it, which takes ten times as long


def moment(value: datetime) -> Markup:
    """Show date and time in the zone of who asks, to the minute; the exact moment on hovering."""
    code = value if value.tzinfo is None else value.astimezone(UTC)
    title, text = escape(formats.exact(value)), escape(formats.moment(value))
    return Markup(f'<time datetime="{code.isoformat()}" title="{title}">{text}</time>')  # noqa: S704 - as above


def duration(value: timedelta) -> str:
    """Show how long something takes: the days in words, the rest as a clock shows it."""
    days = abs(value).days
    if not days:
        return as_text(value)
    sign, _, rest = as_text(value).rpartition(", ")
    words = ngettext("%(count)s day", "%(count)s days", days) % {"count": formats.number(days)}
    return f"{'-' if sign.startswith('-') else ''}{words}, {rest}"


def decimal(value: float | Decimal) -> str:
    """Show a number with decimals."""
    return formats.decimal(str(value))


def size(value: bytes) -> str:
    """Show how many bytes there are: nobody reads them."""
    count = len(value)
    return ngettext("%(count)s byte", "%(count)s bytes", count) % {"count": formats.number(count)}


def choice(value: Enum) -> str:
    """Show a member of an enumeration in words."""
    return gettext(str(value.value).replace("_", " ").capitalize())


def several(values: Sequence[object]) -> str:
    """Show the values of a list, one after the other; JSON, if they are more than texts and numbers."""
    simple = all(isinstance(value, str | int | float | None) for value in values)
    return ", ".join("" if value is None else as_text(value) for value in values) if simple else as_text(values)


FORMATTERS: dict[type[object], Callable[[Any], object]] = {
    type(None): empty,
    bool: yes_or_no,
    datetime: moment,
    date: formats.day,
    **dict.fromkeys((float, Decimal), decimal),
    timedelta: duration,
    **dict.fromkeys((time, dict), as_text),
    **dict.fromkeys((list, tuple), several),
    **dict.fromkeys((Enum, IntEnum, StrEnum), choice),
    bytes: size,
    StoredFile: listed_file,
}
ON_PAGES: dict[type[object], Callable[[Any], object]] = FORMATTERS | {StoredFile: shown_file}
