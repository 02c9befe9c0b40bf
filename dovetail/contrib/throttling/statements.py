"""GCRA as SQL: the generic cell rate algorithm, as one upsert for all charges of a request.

A bucket holds one number, the time until which what came so far lasts (`until`). A request adds the time that one of
its kind takes, `span / amount`, and is refused if `until` would then lie further ahead than the whole span. The
database's clock counts, so that machines need not agree on the time, and its row lock makes it atomic
(https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Dialect, Insert, case, func, literal_column
from sqlalchemy.dialects import postgresql, sqlite

from dovetail.contrib.throttling.models import Bucket

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


def take(dialect: Dialect, cells: Sequence[Cell]) -> Insert:
    """Return the statement that counts a request against each cell, and answers key, until, refused and the time.

    The rows are in the order of their keys, as everybody locks them.
    """
    clock = now(dialect)
    rows = [
        {"key": cell.key, "until": clock + cell.step, "span": cell.span, "hits": 0, "refused": False}
        for cell in sorted(cells, key=lambda cell: cell.key)
    ]
    statement = _insert(dialect).values(rows)
    given = statement.excluded
    # SQLite's max() of two is PostgreSQL's greatest().
    later = getattr(func, "max" if dialect.name == "sqlite" else "greatest")
    after = later(Bucket.until, clock) + (given.until - clock)
    fits = after <= clock + given.span
    changes: Mapping[str, object] = {
        "until": case((fits, after), else_=Bucket.until),
        "span": given.span,
        "refused": ~fits,
    }
    statement = statement.on_conflict_do_update(index_elements=[Bucket.key], set_=changes)
    return statement.returning(Bucket.key, Bucket.until, Bucket.refused, clock.label("now"))


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


def give_back(dialect: Dialect, cells: Sequence[Cell]) -> Insert:
    """Return the statement that takes a request out of each bucket again, in the order in which `take` locks them.

    A bucket that is gone is made anew and says nothing.
    """
    rows = [
        {"key": cell.key, "until": now(dialect), "span": cell.step, "hits": 0, "refused": False}
        for cell in sorted(cells, key=lambda cell: cell.key)
    ]
    statement = _insert(dialect).values(rows)
    changes = {"until": Bucket.until - statement.excluded.span}
    return statement.on_conflict_do_update(index_elements=[Bucket.key], set_=changes)


def _insert(dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(Bucket) if dialect.name == "postgresql" else sqlite.insert(Bucket)
