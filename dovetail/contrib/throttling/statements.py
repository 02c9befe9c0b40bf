"""The generic cell rate algorithm (GCRA) in SQL: one upsert for all limits of a request.

A bucket stores one time, `until`. Each request adds to it the time that one request takes at the allowed rate,
`span / amount`. The request is refused if `until` would then be more than `span` ahead of now. The database's clock is
used, so the clocks of several machines need not agree, and the row lock makes the update atomic
(https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm).

After that clock was set back, `until` is further ahead than any request could have moved it. It is then set to `span`
ahead of now, or else a day's error of the clock would refuse requests for a day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import BigInteger, ColumnElement, Dialect, Insert, TextClause, case, literal_column, text
from sqlalchemy.dialects import postgresql, sqlite

from dovetail.contrib.throttling.models import Bucket

INSERT = 'INSERT INTO throttling_bucket ("key", until, span, hits, refused) VALUES'
SECOND = 1_000_000  # microseconds
LEEWAY = 60 * SECOND  # longer than a statement waits for a row, whose `until` may come from a later statement
CLOCKS = {
    "postgresql": "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)",  # in milliseconds
}


@dataclass(frozen=True)
class Cell:
    """One request counted in one bucket; `step` is the part of `span` that it uses, both in microseconds."""

    key: str
    step: int
    span: int


def now(dialect: Dialect) -> ColumnElement[int]:
    """Return the database's clock, in microseconds since 1970."""
    return literal_column(CLOCKS[dialect.name], BigInteger)


def take(dialect: Dialect, cells: Sequence[Cell]) -> tuple[TextClause, dict[str, object]]:
    """Return the statement that counts a request in each cell, with its parameters.

    It returns rows of key, until, refused and now, ordered by key: all transactions lock them in this order.
    """
    return _take(dialect.name, len(cells)), _parameters(cells)


def count(dialect: Dialect, key: str, amount: int, span: int) -> Insert:
    """Return the statement that adds to a counter, which is reset `span` microseconds after its first hit."""
    clock = now(dialect)
    statement = _insert(dialect).values(key=key, until=clock + span, span=span, hits=amount, refused=False)
    is_over = Bucket.until <= clock
    changes: Mapping[str, object] = {
        "hits": case((is_over, amount), else_=Bucket.hits + amount),
        "until": case((is_over, clock + span), else_=Bucket.until),
    }
    return statement.on_conflict_do_update(index_elements=[Bucket.key], set_=changes).returning(Bucket.hits)


def remember(dialect: Dialect, key: str, span: int) -> Insert:
    """Return the statement that remembers a key for `span` microseconds from now on."""
    statement = _insert(dialect).values(key=key, until=now(dialect) + span, span=span, hits=0, refused=False)
    changes = {"until": statement.excluded.until, "span": span}
    return statement.on_conflict_do_update(index_elements=[Bucket.key], set_=changes)


def give_back(dialect: Dialect, cells: Sequence[Cell]) -> tuple[TextClause, dict[str, object]]:
    """Return the statement that undoes the counting of a request, with its parameters; it locks in `take`'s order.

    If a bucket is gone, the statement inserts one that has already expired.
    """
    parameters = {name: value for name, value in _parameters(cells).items() if not name.startswith("span")}
    return _give_back(dialect.name, len(cells)), parameters


# As text: SQLAlchemy does not cache an INSERT of several rows, and on SQLite compiling it would block other writers.
@cache
def _take(name: str, number: int) -> TextClause:
    clock, later = CLOCKS[name], "max" if name == "sqlite" else "greatest"
    row = f"(CAST(:key{{0}} AS VARCHAR), {clock} + CAST(:step{{0}} AS BIGINT), CAST(:span{{0}} AS BIGINT), 0, false)"
    latest, until = f"{clock} + excluded.span", "throttling_bucket.until"
    before = f"CASE WHEN {until} > {latest} + {LEEWAY} THEN {latest} ELSE {until} END"
    after = f"{later}({before}, {clock}) + (excluded.until - {clock})"
    return text(
        f"{INSERT} {_rows(row, number)} "
        f'ON CONFLICT ("key") DO UPDATE SET until = CASE WHEN {after} <= {latest} THEN {after} '
        f"ELSE {before} END, span = excluded.span, refused = {after} > {latest} "
        f'RETURNING "key", until, refused, {clock} AS now'
    )


@cache
def _give_back(name: str, number: int) -> TextClause:
    row = f"(CAST(:key{{0}} AS VARCHAR), {CLOCKS[name]}, CAST(:step{{0}} AS BIGINT), 0, false)"
    undo = 'ON CONFLICT ("key") DO UPDATE SET until = throttling_bucket.until - excluded.span'
    return text(f"{INSERT} {_rows(row, number)} {undo}")


def _rows(row: str, number: int) -> str:
    return ", ".join(row.format(one) for one in range(number))


def _parameters(cells: Sequence[Cell]) -> dict[str, object]:
    found: dict[str, object] = {}
    for number, cell in enumerate(sorted(cells, key=lambda cell: cell.key)):
        found |= {f"key{number}": cell.key, f"step{number}": cell.step, f"span{number}": cell.span}
    return found


def _insert(dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(Bucket) if dialect.name == "postgresql" else sqlite.insert(Bucket)
