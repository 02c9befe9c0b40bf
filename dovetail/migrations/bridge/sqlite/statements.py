"""Reads the statements that SQLite keeps: it has no other record of indexes on expressions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dovetail.migrations.bridge.expressions import WORD


@dataclass(frozen=True, kw_only=True)
class IndexParts:
    """The parts of a CREATE INDEX: the texts of what it is on, and of its condition."""

    expressions: tuple[str, ...]
    is_unique: bool
    where: str | None


def read_index(sql: str) -> IndexParts:
    """Return the parts of a CREATE INDEX."""
    start = _opening(sql)
    parts = list(_split(sql, start))
    end = parts[-1][1]
    where = re.match(r"\s*WHERE\s+(.*)", sql[end + 1 :], re.IGNORECASE | re.DOTALL)
    return IndexParts(
        expressions=tuple(sql[first:last].strip() for first, last in parts),
        is_unique=re.match(r"\s*CREATE\s+UNIQUE\b", sql, re.IGNORECASE) is not None,
        where=where[1].strip() if where else None,
    )


def _opening(sql: str) -> int:
    return next(found.start() for found in WORD.finditer(sql) if found[0] == "(")


def _split(sql: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where each part of a list in brackets that opens at `start` begins and ends."""
    depth, begin = 0, start + 1
    for found in WORD.finditer(sql, start):
        depth += (found[0] == "(") - (found[0] == ")")
        if depth == 0 or (depth == 1 and found[0] == ","):
            yield begin, found.start()
            begin = found.end()
        if depth == 0:
            return
