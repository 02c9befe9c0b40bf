"""No question that is asked of the history reads the whole of it, however long it is."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text

from dovetail.contrib.history.keeping.old_lines import are_older
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.objects import changes_of
from dovetail.contrib.history.recording.transactions import BEFORE, in_current_transaction, in_transactions

LINES = 10_000  # one a minute; of each three transactions the last has two
LAST = datetime(2026, 6, 1, tzinfo=UTC)
LINE = {"model": "blog.post", "before": {}, "after": {}, "door": "rest"}
ASKED = (2, 4_999, 9_998, 10_000)  # the numbers of transactions, of which those of 2 and 9,998 have two lines


def line(number):
    return LINE | {
        "id": number,
        "created_at": LAST + timedelta(minutes=number - LINES),
        "transaction": number - (number % 3 == 0),
        "action": "delete" if number % 50 == 0 else "change",
        "object_key": str(number % 1000),
    }


@pytest.fixture
async def long_history(session):
    await session.execute(insert(RecordedChange), [line(number) for number in range(1, LINES + 1)])
    await session.commit()
    await session.execute(text("ANALYZE history_change"))
    await session.commit()
    return session


async def is_read_whole(session, statement):
    dialect = session.get_bind().dialect
    sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN QUERY PLAN " if dialect.name == "sqlite" else "EXPLAIN "
    rows = (await (await session.connection()).exec_driver_sql(explain + sql)).all()
    plan = "\n".join(str(row[-1]) for row in rows)
    assert "history_change" in plan
    return "Seq Scan on history_change" in plan or "SCAN history_change\n" in f"{plan}\n"


async def test_the_history_of_an_object_the_trash_and_whole_transactions_are_found_by_an_index(
    long_history, database_kind
):
    deleted = select(RecordedChange.id).where(text("action = 'delete'")).order_by(RecordedChange.id.desc()).limit(20)
    for statement in (
        changes_of(["blog.post"], "7", with_gone=False).limit(20),
        deleted,
        select(RecordedChange.id).where(in_transactions(ASKED, database_kind)),
        select(func.max(RecordedChange.id)).where(in_current_transaction(database_kind)),
        select(RecordedChange.id).where(are_older(LAST - timedelta(minutes=LINES - 10))),
    ):
        assert not await is_read_whole(long_history, statement), statement


async def test_the_condition_on_transactions_selects_exactly_their_changes(long_history, database_kind):
    asked = select(RecordedChange.id).where(in_transactions(ASKED, database_kind)).order_by(RecordedChange.id)
    assert (await long_history.scalars(asked)).all() == [2, 3, 4_999, 9_998, 9_999, 10_000]


async def test_renumbered_changes_are_found_by_their_transaction(long_history, database_kind):
    moved = RecordedChange.transaction - BEFORE
    await long_history.execute(RecordedChange.__table__.update().values(transaction=moved))
    asked = select(RecordedChange.id).where(in_transactions([2 - BEFORE], database_kind)).order_by(RecordedChange.id)
    assert (await long_history.scalars(asked)).all() == [2, 3]


AGES = [0, 1, 500, LINES - 1, LINES, 3 * LINES]


async def test_changes_before_a_time_are_found_without_an_index_on_created_at(long_history):
    for minutes in AGES:
        moment = LAST - timedelta(minutes=minutes)
        found = select(func.count()).select_from(RecordedChange)
        by_position = await long_history.scalar(found.where(are_older(moment)))
        assert by_position == await long_history.scalar(found.where(RecordedChange.created_at < moment)), minutes


async def test_a_change_of_a_transaction_that_took_hours_is_found_by_its_time(long_history):
    moment = LAST - timedelta(minutes=5000)
    late = RecordedChange.__table__.update().where(RecordedChange.id == 5_600)
    await long_history.execute(late.values(created_at=moment - timedelta(hours=2)))
    found = select(RecordedChange.id).where(are_older(moment), RecordedChange.id > 5_500)
    assert (await long_history.scalars(found)).all() == [5_600]
