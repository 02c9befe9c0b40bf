"""The days of a chart are those of who looks at it, whenever the clocks of their zone are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, literal_column, select

from dovetail.contrib.admin.widgets.days import day_of, offsets
from dovetail.contrib.admin.widgets.kinds import Chart
from dovetail.translation.zones import in_zone
from plugins.blog.models import Post

BERLIN, KATHMANDU, LORD_HOWE = map(ZoneInfo, ("Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"))


@pytest.fixture
def post_at(session, boss):
    async def post(*moments: datetime) -> None:
        session.add_all(Post(title="x", content="x", author_id=boss.id, created_at=one) for one in moments)
        await session.commit()

    return post


async def days(session, zone, since: datetime) -> dict[str, int]:
    day, place = day_of(Post.created_at, zone, since), literal_column("1")
    counted = select(day, func.count()).where(Post.created_at >= since).group_by(place).order_by(place)
    return {str(found): count for found, count in await session.execute(counted)}


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        (UTC, []),
        (KATHMANDU, []),
        (BERLIN, [datetime(2026, 3, 29, 1, tzinfo=UTC)]),
        (LORD_HOWE, [datetime(2026, 4, 4, 15, tzinfo=UTC)]),
    ],
)
def test_it_is_known_when_the_clocks_of_a_zone_are_changed(zone, changes):
    since = datetime(2026, 3, 14, 13, 7, tzinfo=UTC)
    found = list(offsets(zone, since, since + timedelta(days=30)))
    assert [until for until, _ in found] == [*changes, since + timedelta(days=30)]
    assert len({ahead for _, ahead in found}) == len(found)


async def test_a_moment_is_counted_on_the_day_that_it_is_in_the_zone(session, post_at):
    await post_at(
        datetime(2026, 3, 28, 22, 59, tzinfo=UTC),  # the 28th in Berlin, an hour ahead
        datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 21, 59, tzinfo=UTC),  # the 29th, two hours ahead since that night
        datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
    )
    since = datetime(2026, 3, 20, tzinfo=UTC)
    assert await days(session, BERLIN, since) == {"2026-03-28": 1, "2026-03-29": 2, "2026-03-30": 1}
    assert await days(session, UTC, since) == {"2026-03-28": 2, "2026-03-29": 2}
    assert await days(session, KATHMANDU, since) == {"2026-03-29": 2, "2026-03-30": 2}


async def test_the_first_day_of_a_chart_begins_at_midnight_of_the_zone(session, post_at):
    chart = Chart(title="Posts", models=(Post,), per_day=Post.created_at, days=3)
    zone = ZoneInfo("Pacific/Kiritimati")  # 14 hours ahead
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    await post_at(midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=20))
    with in_zone(zone):
        rows = [tuple(row) for row in await session.execute(chart.select(None))]
        told = chart.values(None, rows)
    assert rows == [(midnight.date(), 2)]
    assert [number for _, number in told["rows"]] == ["2", "0", "0"]
