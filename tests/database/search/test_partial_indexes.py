"""A partial index serves what compares columns that its WHERE says to be not null, and nothing else."""

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, Table, and_, text

from dovetail.database.search.indexes import keeps_in_order, starts_an_index

ON_BOTH = ("sqlite_where", "postgresql_where")


def table_with(where, *columns, only=ON_BOTH):
    names = columns or ("parent", "age")
    table = Table("leaf", MetaData(), *(Column(name, Integer) for name in ("parent", "age", "shown")))
    Index("ix_leaf", *(table.c[name] for name in names), **dict.fromkeys(only, where(table.c)))
    return table.c


@pytest.mark.parametrize(
    ("where", "serves"),
    [
        (lambda c: c.parent.is_not(None), True),
        (lambda c: text("parent IS NOT NULL"), True),
        (lambda c: text('(leaf."parent" is not null)'), True),
        (lambda c: c.shown.is_not(None), False),
        (lambda c: and_(c.parent.is_not(None), c.shown.is_not(None)), False),
        (lambda c: c.parent.is_(None), False),
        (lambda c: c.parent > 0, False),
        (lambda c: text("parent IS NOT NULL OR age > 1"), False),
    ],
)
def test_rows_with_a_value_are_found_by_an_index_of_those_that_have_one(where, serves):
    for only in (ON_BOTH, ON_BOTH[:1], ON_BOTH[1:]):
        columns = table_with(where, only=only)
        assert starts_an_index(columns.parent, has_value=True) is serves
        assert starts_an_index(columns.parent) is False


def test_rows_are_in_order_in_an_index_of_those_whose_columns_have_values():
    columns = table_with(lambda c: and_(c.parent.is_not(None), c.shown.is_not(None)), "parent", "shown", "age")
    both, order = [columns.parent, columns.shown], [(columns.age, False)]
    assert keeps_in_order(both, order, both)
    assert not keeps_in_order(both, order, both[:1])
    assert not keeps_in_order(both, order)
