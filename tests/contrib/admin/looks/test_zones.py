"""Times are shown, typed and looked for in the zone of their user, and stored as moments."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests.contrib.admin.atelier.models import AtelierBase, Painting
from tests.contrib.admin.conftest import COOKIE
from tests.contrib.admin.guild.models import GuildBase, Workshop

LANGUAGE = COOKIE.replace("session", "language")


@pytest.fixture
def more():
    return {"tests.contrib.admin.atelier": AtelierBase, "tests.contrib.admin.guild": GuildBase}


async def test_times_are_shown_typed_and_filtered_in_the_zone_of_their_user(office, session):
    session.add(Painting(title="Late", shown_at=datetime(2026, 3, 28, 23, 30, tzinfo=UTC)))
    workshop = Workshop(name="Looms", opens_at=datetime(2026, 10, 25, 1, 30, 15, 7, tzinfo=UTC))
    session.add(workshop)
    await session.commit()
    await office.post("/zone", {"zone": "Europe/Berlin"})
    office.client.cookies.set(LANGUAGE, "de")

    for query, is_found in (
        ("shown_at_from=2026-03-29&shown_at_to=29.03.2026", True),  # a day of 23 hours, written in two ways
        ("shown_at_to=2026-03-28", False),
        ("year=2026&month=3&day=29", True),
        ("year=2026&month=3&day=28", False),
    ):
        page = (await office.get(f"/atelier/filtered/?{query}")).text
        assert ("Late" in page) is is_found, query
    assert "28. März" in page

    form = f"/guild/tabbed/{workshop.id}/change/"
    assert 'value="25.10.2026 02:30:15+01:00"' in (await office.get(form)).text  # for the second time on that day
    for typed, stored in (
        ("25.10.2026 02:30:15+01:00", datetime(2026, 10, 25, 1, 30, 15, 7, tzinfo=UTC)),  # as it was
        ("2026-10-25 02:30:16+02:00", datetime(2026, 10, 25, 0, 30, 16, tzinfo=UTC)),
        ("2026-10-25T02:30:16+01:00", datetime(2026, 10, 25, 1, 30, 16, tzinfo=UTC)),
        ("24.12.2026 18:00", datetime(2026, 12, 24, 17, tzinfo=UTC)),
    ):
        answer = await office.submit(form, {"opens_at": typed})
        assert answer.status_code == 303, answer.text
        assert await session.scalar(select(Workshop.opens_at)) == stored
        await session.commit()
    assert (await office.submit(form, {"opens_at": "0001-01-01 00:00"})).status_code == 400
    answer = await office.submit(form, {"opens_at": "2026-03-29 02:30"})
    assert answer.status_code == 400
    assert "Diese Uhrzeit gibt es in Europe/Berlin nicht" in answer.text
    for twice in ("2026-10-25 02:30", "25.10.2026 02:30"):
        answer = await office.submit(form, {"opens_at": twice})
        assert answer.status_code == 400
        told = "Schreiben Sie 02:30+02:00 für das erste oder 02:30+01:00 für das zweite Mal."
        assert told in answer.text
        assert f'value="{twice}"' in answer.text
    history = re.sub("<[^>]+>", "", (await office.get(f"/guild/tabbed/{workshop.id}/history/")).text)
    assert "25.10.2026 02:30:16+02:00" in history
    assert "25.10.2026 02:30:16+01:00" in history
    session.add(Painting(title="Twice", shown_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC)))
    await session.commit()
    filtered = "/atelier/filtered/?where=shown_at+%3D+%222026-10-25+02:30{}%22"
    assert told in (await office.get(filtered.format(""))).text
    assert "Twice" not in (await office.get(filtered.format("%2B02:00"))).text
    assert "Twice" in (await office.get(filtered.format("%2B01:00"))).text


async def test_a_moment_that_the_zone_has_in_no_year_is_shown_in_utc_and_stays_as_it_is(office, session):
    for_ever = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)  # as programs write it
    workshop = Workshop(name="Looms", opens_at=for_ever)
    session.add_all([workshop, Painting(title="Kept", shown_at=for_ever)])
    await session.commit()
    await office.post("/zone", {"zone": "Europe/Berlin"})
    assert "Kept" in (await office.get("/atelier/filtered/")).text  # whose dates lead to the last one
    form = f"/guild/tabbed/{workshop.id}/change/"
    assert 'value="9999-12-31 23:59:00"' in (await office.get(form)).text
    assert (await office.submit(form, {"name": "Great looms"})).status_code == 303
    assert await session.scalar(select(Workshop.opens_at)) == for_ever


# With days of 23 and 25 hours, and one that begins at one o'clock.
BORDERS = {
    "Pacific/Auckland": ("2026-04-05", "2026-09-27", "2026-12-31"),
    "America/Los_Angeles": ("2026-03-08", "2026-11-01", "2026-12-31"),
    "Africa/Cairo": ("2026-04-24", "2026-10-29"),
}


@pytest.mark.parametrize("zone", BORDERS)
async def test_a_day_has_the_moments_that_the_zone_of_who_asks_gives_it_to_the_second(office, session, zone):
    days = [date.fromisoformat(day) for day in BORDERS[zone]]
    starts = [_start(day + timedelta(days=more), zone) for day in days for more in (0, 1)]
    moments = [start + timedelta(seconds=more) for start in starts for more in (-1, 0)]
    names = {f"M{number:02}": moment for number, moment in enumerate(moments)}
    session.add_all([Painting(title=name, shown_at=moment) for name, moment in names.items()])
    await session.commit()
    await office.post("/zone", {"zone": zone})
    for day in days:
        wanted = {name for name, moment in names.items() if moment.astimezone(ZoneInfo(zone)).date() == day}
        assert len(wanted) == 2
        for query in (
            f"year={day.year}&month={day.month}&day={day.day}",
            f"shown_at_from={day}&shown_at_to={day}",
            f"where=shown_at >= {day} and shown_at <= {day}",
            f"where=shown_at = {day}",
            f"shown_at={day}&shown_at_op=equals",
        ):
            page = await office.get(f"/atelier/filtered/?{query}&pageSize=100")
            assert page.status_code == 200, query
            assert set(re.findall(r"M\d\d", page.text)) & names.keys() == wanted, query


def _start(day: date, zone: str) -> datetime:
    """The first second of a day, which is not midnight where the clock goes from 23:59 to 1:00."""
    start = datetime.combine(day, time(), UTC) - timedelta(days=1)
    while start.astimezone(ZoneInfo(zone)).date() < day:
        start += timedelta(minutes=30)
    return start
