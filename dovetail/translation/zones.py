"""Show and read times in the zone of who asks; outside of the back office that is UTC."""

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
    """Show and read times in a zone inside the block."""
    token = _zone.set(zone)
    try:
        yield
    finally:
        _zone.reset(token)


def active_zone() -> tzinfo:
    """Return the zone that times are shown and read in here and now."""
    return _zone.get() or UTC


def zone_name() -> str:
    """Return the name of that zone: `Europe/Berlin`."""
    zone = _zone.get()
    return "UTC" if zone is None else zone.key


def zone_now() -> datetime:
    """Return the time of now in that zone: its day is today."""
    return datetime.now(active_zone())


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all zones of the IANA database."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def find_zone(name: str) -> "ZoneInfo | None":
    """Return a zone by its name; None for what is none."""
    from zoneinfo import ZoneInfo  # here: most commands show no times

    return ZoneInfo(name) if name in zone_names() else None


def local(value: datetime) -> datetime:
    """Return a moment in the zone of who asks; a time without a zone is what it is.

    One that the zone would have outside of the years 1 to 9999 stays in UTC: `9999-12-31T23:59:59Z` is how programs
    say "for ever".
    """
    if value.tzinfo is None:
        return value
    try:
        return value.astimezone(active_zone())
    except OverflowError:
        return value.astimezone(UTC)


def instant(value: datetime) -> datetime:
    """Return what was typed without a zone as a moment: in the zone of who asks.

    Of a time that comes twice, as clocks are put back, it is the first; whoever means the second writes its offset,
    `02:30+01:00`. Raise ValueError for one that never comes, as they are put forward, or that UTC has in no year.
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
    return found


class ZoneText(LazyText):
    """The name of the zone of who asks, as a text that is written down once."""

    def __str__(self) -> str:
        return zone_name()


ZONE = ZoneText("UTC")
