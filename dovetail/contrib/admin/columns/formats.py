"""Formatters of values in lists and on pages."""

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
from dovetail.translation.shortening import LONGEST_TITLE, shorten
from dovetail.translation.texts import gettext, lazy_name, ngettext
from dovetail.translation.words import choice_in_words

LONGEST_HINT = 1_000  # characters that are shown on hovering
EMPTY = Markup('<span class="text-secondary">—</span>')


def empty(_value: None) -> Markup:
    """Return a dash for None."""
    return EMPTY


def yes_or_no(value: bool) -> Markup:  # noqa: FBT001 - SQLAdmin calls it with the value only
    """Return a coloured mark with a text for screen readers."""
    icon, colour, said = (
        ("fa-circle-check", "success", gettext("Yes")) if value else ("fa-circle-minus", "secondary", gettext("No"))
    )
    word = escape(said)
    html = f'<i class="fa-solid {icon} text-{colour}" title="{word}"></i><span class="visually-hidden">{word}</span>'
    return Markup(html)  # noqa: S704 - the same as `Markup.format`, which takes ten times as long


def moment(value: datetime) -> Markup:
    """Return date and time in the user's time zone, to the minute; the exact time is shown on hovering."""
    code = value if value.tzinfo is None else value.astimezone(UTC)
    title, text = escape(formats.exact(value)), escape(formats.moment(value))
    return Markup(f'<time datetime="{code.isoformat()}" title="{title}">{text}</time>')  # noqa: S704 - as above


def decimal(value: float | Decimal) -> str:
    """Return a number with decimals."""
    return formats.decimal(str(value))


def size(value: bytes) -> str:
    """Return the number of bytes instead of the bytes."""
    count = len(value)
    return ngettext("%(count)s byte", "%(count)s bytes", count) % {"count": formats.number(count)}


def choice(value: Enum) -> str:
    """Return the label of a member of an enumeration."""
    return str(lazy_name(choice_in_words(value), type(value).__module__))


def several(values: Sequence[object]) -> str:
    """Return the values of a list, comma-separated; as JSON if there are other values than texts and numbers."""
    if not values:
        return EMPTY
    simple = all(isinstance(value, str | int | float | None) for value in values)
    return ", ".join("" if value is None else as_text(value) for value in values) if simple else as_text(values)


def text(value: str, longest: int = LONGEST_TITLE) -> str:
    """Return the beginning of a text for a list, with up to LONGEST_HINT characters on hovering."""
    if not value:
        return EMPTY
    if len(value) <= longest or isinstance(value, Markup):
        return value
    return Markup('<span title="{}">{}</span>').format(shorten(value, LONGEST_HINT), shorten(value, longest))


FORMATTERS: dict[type[object], Callable[[Any], object]] = {
    type(None): empty,
    bool: yes_or_no,
    datetime: moment,
    date: formats.day,
    **dict.fromkeys((float, Decimal), decimal),
    timedelta: formats.duration,
    str: text,
    time: as_text,
    dict: lambda value: text(as_text(value)),
    **dict.fromkeys((list, tuple), lambda value: text(several(value))),
    **dict.fromkeys((Enum, IntEnum, StrEnum), choice),
    bytes: size,
    StoredFile: listed_file,
}
IN_FULL: dict[type[object], Callable[[Any], object]] = {
    StoredFile: shown_file,
    str: lambda value: value or EMPTY,
    dict: as_text,
    **dict.fromkeys((list, tuple), several),
}
ON_PAGES = FORMATTERS | IN_FULL
