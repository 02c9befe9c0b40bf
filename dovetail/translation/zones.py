"""Show and read times in the time zone of the user; outside of the back office it is UTC."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from dovetail.translation.texts import LazyText, gettext

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_zone: ContextVar["ZoneInfo | None"] = ContextVar("dovetail_zone", default=None)


@contextmanager
def in_zone(zone: "ZoneInfo") -> Iterator[None]:
    """Show and read times in this time zone inside the block."""
    token = _zone.set(zone)
    try:
        yield
    finally:
        _zone.reset(token)


def active_zone() -> tzinfo:
    """Return the time zone in which times are currently shown and read."""
    return _zone.get() or UTC


def zone_name() -> str:
    """Return the name of the current time zone: `Europe/Berlin`."""
    zone = _zone.get()
    return "UTC" if zone is None else zone.key


def zone_now() -> datetime:
    """Return the current time in the current time zone."""
    return datetime.now(active_zone())


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones of the IANA database."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def find_zone(name: str) -> "ZoneInfo | None":
    """Return a time zone by its name; None if there is none."""
    from zoneinfo import ZoneInfo  # here, since most commands show no times

    return ZoneInfo(name) if name in zone_names() else None


def local(value: datetime) -> datetime:
    """Return a time converted to the current time zone; a naive one is returned unchanged.

    If its year would not be between 1 and 9999 there, it is converted to UTC: programs write `9999-12-31T23:59:59Z` for
    "for ever".
    """
    if value.tzinfo is None:
        return value
    try:
        return value.astimezone(active_zone())
    except OverflowError:
        return value.astimezone(UTC)


def instant(value: datetime) -> datetime:
    """Return a naive time, as typed by the user, with the current time zone; an aware one is returned unchanged.

    Raise ValueError for a time that does not exist (clocks are put forward), for one that occurs twice (clocks are put
    back), which needs an offset (`02:30+01:00`), and for one that is out of range in UTC.
    """
    if value.tzinfo is not None:
        return value
    found = value.replace(tzinfo=active_zone())
    try:
        again = found.astimezone(UTC).astimezone(active_zone())
    except OverflowError:
        raise ValueError(gettext("The year has to be from 1 to 9999, in UTC too.")) from None
    if again.replace(tzinfo=None) != value:
        raise ValueError(
            gettext("There is no such time in %(zone)s: clocks are put forward over it.") % {"zone": zone_name()}
        )
    if ambiguous_offset(found):
        clock = f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
        first, second = (f"{clock}{ambiguous_offset(found.replace(fold=fold))}" for fold in (0, 1))
        told = gettext(
            "Clocks are put back in %(zone)s, so this time occurs twice: "
            "write %(first)s for the first, or %(second)s for the second."
        )
        raise ValueError(told % {"zone": zone_name(), "first": first, "second": second})
    return found


def ambiguous_offset(value: datetime) -> str:
    """Return the offset (`+01:00`) of a time that clocks show twice in its zone; nothing of others."""
    first, second = (value.replace(fold=fold).utcoffset() for fold in (0, 1))
    is_twice = first is not None and second is not None and first > second  # where it never occurs, it is smaller
    return value.isoformat(timespec="seconds")[len("2026-10-25T02:30:00") :] if is_twice else ""


class ZoneText(LazyText):
    """The name of the current time zone as a lazy text."""

    def __str__(self) -> str:
        return zone_name()


ZONE = ZoneText("UTC")
