"""Read expressions of indexes and columns from the CREATE statements that SQLite stores, their only record."""

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


def read_computed(sql: str) -> dict[str, str]:
    """Return what the columns of a CREATE TABLE compute, by their names."""
    found: dict[str, str] = {}
    for first, last in _split(sql, _opening(sql)):
        words = list(WORD.finditer(sql, first, last))
        plain = [word[0].upper() for word in words]
        at = next((place for place in range(1, len(plain) - 1) if plain[place : place + 2] == ["AS", "("]), None)
        if at is not None:
            begin, end = _brackets(sql, words[at + 1].start())
            found[_unquoted(words[0][0])] = sql[begin:end].strip()
    return found


def _unquoted(name: str) -> str:
    if len(name) < 2 or name[0] not in '"`[':  # noqa: PLR2004 - a quote on each side
        return name
    return name[1:-1].replace(name[0] * 2, name[0])


def _brackets(sql: str, start: int) -> tuple[int, int]:
    """Return where what stands in brackets that open at `start` begins and ends."""
    parts = list(_split(sql, start))
    return parts[0][0], parts[-1][1]


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
