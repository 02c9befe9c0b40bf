"""Times of lists come as the bytes that PostgreSQL sends, and are read as asyncpg reads them, to the microsecond."""

import random
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson
import pytest
from sqlalchemy.exc import DataError

from dovetail.resources.sql.json_values import EPOCH, EXACT, ORJSON_OPTIONS, sent_moment, written_moment

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])
YEARS_1_TO_9999 = [
    (edge - EPOCH) // timedelta(microseconds=1)
    for edge in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
]
READ = """
    SELECT timestamptz_send(t), t FROM (
        SELECT '2000-01-01Z'::timestamptz + (x / 1000000) * '1 second'::interval
            + (x % 1000000) * '1 microsecond'::interval AS t
        FROM unnest($1::bigint[]) x) y
"""


@pytest.fixture
async def connection(empty_database_url):
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


@on_postgresql
async def test_every_time_is_read_as_asyncpg_reads_it(connection):
    random.seed(1)
    edges = [place + step for place in (0, EXACT, -EXACT, *YEARS_1_TO_9999) for step in (-2, -1, 0, 1, 2)]
    near = [random.randrange(-2 * EXACT, 2 * EXACT) for _ in range(20_000)]
    far = [random.randrange(*YEARS_1_TO_9999) for _ in range(2_000)]
    asked = [one for one in (*edges, *near, *far) if YEARS_1_TO_9999[0] <= one <= YEARS_1_TO_9999[1]]
    rows = await connection.fetch(READ, asked)
    assert [sent_moment(row[0]) for row in rows] == [row[1] for row in rows]
    assert {sent_moment(row[0]).tzinfo for row in rows} == {UTC}
    written = [orjson.dumps(written_moment(row[0])) for row in rows]
    assert written == [orjson.dumps(row[1], option=ORJSON_OPTIONS) for row in rows]


@on_postgresql
async def test_what_has_no_date_is_read_as_asyncpg_reads_it(connection):
    for value in ("'infinity'", "'-infinity'", "NULL"):
        sent, theirs = await connection.fetchrow(
            f"SELECT timestamptz_send(t), t FROM (SELECT {value}::timestamptz AS t) AS x"
        )
        ours = sent_moment(sent)
        assert (ours, getattr(ours, "tzinfo", None)) == (theirs, getattr(theirs, "tzinfo", None))
        assert orjson.dumps(written_moment(sent)) == orjson.dumps(theirs, option=ORJSON_OPTIONS)


def test_bytes_beyond_the_calendar_are_refused():
    with pytest.raises(DataError):
        written_moment((2**62).to_bytes(8, "big"))
