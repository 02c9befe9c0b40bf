"""How values look in lists and on pages."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from enum import Enum, IntEnum, StrEnum
from textwrap import shorten
from typing import Any

from markupsafe import Markup

from dovetail.contrib.admin.forms.texts import as_text

EMPTY = Markup('<span class="text-secondary">—</span>')


def empty(_value: None) -> Markup:
    """A dash for what is not there."""
    return EMPTY


def yes_or_no(value: bool) -> Markup:  # noqa: FBT001 - SQLAdmin calls it with the value alone
    """A coloured mark with its meaning in words."""
    icon, colour, word = ("fa-circle-check", "success", "Yes") if value else ("fa-circle-minus", "secondary", "No")
    return Markup('<i class="fa-solid {} text-{}" title="{}"></i><span class="visually-hidden">{}</span>').format(
        icon, colour, word, word
    )


def moment(value: datetime) -> Markup:
    """Date and time in UTC, to the minute; the exact moment on hovering."""
    exact = value.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        exact.isoformat(), exact.strftime("%Y-%m-%d %H:%M:%S UTC"), exact.strftime("%Y-%m-%d %H:%M")
    )


def shortened(length: int) -> Callable[[Any, str], str]:
    """A formatter for `column_formatters` that shows the first words, `length` characters at most."""

    def show(obj: Any, name: str) -> str:
        return shorten(str(getattr(obj, name)), length, placeholder="…")

    return show


def badge(colours: Mapping[Any, str]) -> Callable[[Any, str], Markup]:
    """A formatter that shows a choice in the colour (`success`, `warning`, `danger`, ...) given for it."""

    def show(obj: Any, name: str) -> Markup:
        value = getattr(obj, name)
        label = str(getattr(value, "value", value)).capitalize()
        return Markup('<span class="badge bg-{}-lt">{}</span>').format(colours.get(value, "secondary"), label)

    return show


def size(value: bytes) -> str:
    """How many bytes there are: nobody reads them."""
    return f"{len(value):,} byte{'' if len(value) == 1 else 's'}"


def choice(value: Enum) -> str:
    """A member of an enumeration in words."""
    return str(value.value).replace("_", " ").capitalize()


def several(values: Sequence[Any]) -> str:
    """The values of a list, one after the other; JSON, if they are more than texts and numbers."""
    simple = all(isinstance(value, str | int | float | None) for value in values)
    return ", ".join("" if value is None else as_text(value) for value in values) if simple else as_text(values)


FORMATTERS: dict[type[Any], Callable[[Any], Any]] = {
    type(None): empty,
    bool: yes_or_no,
    datetime: moment,
    **dict.fromkeys((time, timedelta, dict), as_text),
    **dict.fromkeys((list, tuple), several),
    **dict.fromkeys((Enum, IntEnum, StrEnum), choice),
    bytes: size,
}
