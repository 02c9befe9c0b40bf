"""Tell whether a subquery of a rule reads the table of the rows that the rule is about."""

import re

from sqlalchemy import ColumnElement, Dialect, Table, inspect, select

from dovetail.resources.conditions import has_subquery
from dovetail.resources.query.keys import key_names
from dovetail.resources.visibility import Visibility


def check_reads_own_tables(visibility: Visibility, model: type[object], dialect: Dialect) -> bool:
    """Return what `reads_own_tables` returns for the `check` of a visibility, which is found out once."""
    if visibility.check is None or not visibility.check_asks_rows:
        return False
    known = (visibility.template or visibility).check_reads
    place = (model, dialect.name)
    if place not in known:
        known[place] = reads_own_tables(visibility.check, model, dialect)
    return known[place]


def reads_own_tables(rule: ColumnElement[bool], model: type[object], dialect: Dialect) -> bool:
    """Return whether a subquery of a condition on rows of a model reads one of the model's tables."""
    if not has_subquery(rule):
        return False
    # The SQL is compared: only there joins along relations, and text, name the tables that they read.
    plain = select(*(getattr(model, name) for name in key_names(model)))
    without, within = (str(one.compile(dialect=dialect)) for one in (plain, plain.where(rule)))
    return any(_times_read(table.name, within) > _times_read(table.name, without) for table in tables_of(model))


def tables_of(model: type[object]) -> list[Table]:
    """Return the tables that hold the rows of a model: several with joined-table inheritance."""
    return [table for table in inspect(model).tables if isinstance(table, Table)]


def _times_read(name: str, sql: str) -> int:
    """Return how often a table is named but for its columns."""
    return len(re.findall(rf'(?<!\w){re.escape(name)}(?!["\w]*\.|\w)', sql, re.IGNORECASE))
