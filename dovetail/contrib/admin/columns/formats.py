"""Show values in lists and on pages."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from enum import Enum, IntEnum, StrEnum
from typing import Any

from markupsafe import Markup

from dovetail.contrib.admin.columns.files import listed_file, shown_file
from dovetail.contrib.admin.columns.texts import as_text
from dovetail.files.stored_file import StoredFile

EMPTY = Markup('<span class="text-secondary">—</span>')


def empty(_value: None) -> Markup:
    """Show a dash for what is not there."""
    return EMPTY


def yes_or_no(value: bool) -> Markup:  # noqa: FBT001 - SQLAdmin calls it with the value alone
    """Show a coloured mark with its meaning in words."""
    icon, colour, word = ("fa-circle-check", "success", "Yes") if value else ("fa-circle-minus", "secondary", "No")
    return Markup('<i class="fa-solid {} text-{}" title="{}"></i><span class="visually-hidden">{}</span>').format(
        icon, colour, word, word
    )


def moment(value: datetime) -> Markup:
    """Show date and time in UTC, to the minute; the exact moment on hovering."""
    exact = value.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        exact.isoformat(), exact.strftime("%Y-%m-%d %H:%M:%S UTC"), exact.strftime("%Y-%m-%d %H:%M")
    )


def size(value: bytes) -> str:
    """Show how many bytes there are: nobody reads them."""
    return f"{len(value):,} byte{'' if len(value) == 1 else 's'}"


def choice(value: Enum) -> str:
    """Show a member of an enumeration in words."""
    return str(value.value).replace("_", " ").capitalize()


def several(values: Sequence[object]) -> str:
    """Show the values of a list, one after the other; JSON, if they are more than texts and numbers."""
    simple = all(isinstance(value, str | int | float | None) for value in values)
    return ", ".join("" if value is None else as_text(value) for value in values) if simple else as_text(values)


FORMATTERS: dict[type[object], Callable[[Any], object]] = {
    type(None): empty,
    bool: yes_or_no,
    datetime: moment,
    **dict.fromkeys((time, timedelta, dict), as_text),
    **dict.fromkeys((list, tuple), several),
    **dict.fromkeys((Enum, IntEnum, StrEnum), choice),
    bytes: size,
    StoredFile: listed_file,
}
ON_PAGES: dict[type[object], Callable[[Any], object]] = FORMATTERS | {StoredFile: shown_file}
