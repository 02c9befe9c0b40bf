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
from dovetail.translation.shortening import LONGEST_TITLE, shorten
from dovetail.translation.texts import gettext, lazy_name, ngettext
from dovetail.translation.words import choice_in_words

LONGEST_HINT = 1_000  # characters that hovering shows
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
    """Show date and time in the user's time zone, to the minute; the exact time on hovering."""
    code = value if value.tzinfo is None else value.astimezone(UTC)
    title, text = escape(formats.exact(value)), escape(formats.moment(value))
    return Markup(f'<time datetime="{code.isoformat()}" title="{title}">{text}</time>')  # noqa: S704 - as above


def decimal(value: float | Decimal) -> str:
    """Show a number with decimals."""
    return formats.decimal(str(value))


def size(value: bytes) -> str:
    """Show the number of bytes instead of the bytes."""
    count = len(value)
    return ngettext("%(count)s byte", "%(count)s bytes", count) % {"count": formats.number(count)}


def choice(value: Enum) -> str:
    """Show a member of an enumeration in words."""
    return str(lazy_name(choice_in_words(value), type(value).__module__))


def several(values: Sequence[object]) -> str:
    """Show the values of a list, one after the other; JSON, if they are more than texts and numbers."""
    if not values:
        return EMPTY
    simple = all(isinstance(value, str | int | float | None) for value in values)
    return ", ".join("" if value is None else as_text(value) for value in values) if simple else as_text(values)


def text(value: str, longest: int = LONGEST_TITLE) -> str:
    """Show the beginning of a text in a list, and more of it on hovering: all, unless that is a page of its own."""
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
