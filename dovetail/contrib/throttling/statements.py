"""GCRA as SQL: the generic cell rate algorithm, as one upsert for all charges of a request.

A bucket holds one number, the time until which what came so far lasts (`until`). A request adds the time that one of
its kind takes, `span / amount`, and is refused if `until` would then lie further ahead than the whole span. The
database's clock counts, so that machines need not agree on the time, and its row lock makes it atomic
(https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import BigInteger, ColumnElement, Dialect, Insert, TextClause, case, literal_column, text
from sqlalchemy.dialects import postgresql, sqlite

from dovetail.contrib.throttling.models import Bucket

INSERT = 'INSERT INTO throttling_bucket ("key", until, span, hits, refused) VALUES'
SECOND = 1_000_000  # microseconds
CLOCKS = {
    "postgresql": "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)",  # in milliseconds
}


@dataclass(frozen=True)
class Cell:
    """One request against one bucket; `step` is the time that it takes of the `span`, both in microseconds."""

    key: str
    step: int
    span: int


def now(dialect: Dialect) -> ColumnElement[int]:
    """Return the database's clock, in microseconds since 1970."""
    return literal_column(CLOCKS[dialect.name], BigInteger)


def take(dialect: Dialect, cells: Sequence[Cell]) -> tuple[TextClause, dict[str, object]]:
    """Return the statement that counts a request against each cell, and answers key, until, refused and the time.

    The rows are in the order of their keys, as everybody locks them. It comes with its parameters.
    """
    return _take(dialect.name, len(cells)), _parameters(cells)


def count(dialect: Dialect, key: str, amount: int, span: int) -> Insert:
    """Return the statement that adds to a counter, which starts anew `span` microseconds after its first hit."""
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
    """Return the statement that takes a request out of each bucket again, in the order in which `take` locks them.

    A bucket that is gone is made anew and says nothing. It comes with its parameters.
    """
    parameters = {name: value for name, value in _parameters(cells).items() if not name.startswith("span")}
    return _give_back(dialect.name, len(cells)), parameters


# As text: SQLAlchemy would compile an INSERT of several rows anew each time, with SQLite's only writer waiting for it.
@cache
def _take(name: str, number: int) -> TextClause:
    clock, later = CLOCKS[name], "max" if name == "sqlite" else "greatest"
    row = f"(CAST(:key{{0}} AS VARCHAR), {clock} + CAST(:step{{0}} AS BIGINT), CAST(:span{{0}} AS BIGINT), 0, false)"
    after = f"{later}(throttling_bucket.until, {clock}) + (excluded.until - {clock})"
    return text(
        f"{INSERT} {_rows(row, number)} "
        f'ON CONFLICT ("key") DO UPDATE SET until = CASE WHEN {after} <= {clock} + excluded.span THEN {after} '
        f"ELSE throttling_bucket.until END, span = excluded.span, refused = {after} > {clock} + excluded.span "
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
