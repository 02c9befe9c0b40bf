"""Each private part of SQLAlchemy's statements and types: these fail when one of them changes its meaning."""

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Insert,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import selectinload
from sqlalchemy.types import TypeDecorator

from dovetail.database.drivers import sqlalchemy_private_statements as private
from plugins.blog.models import Tag
from tests.probe.models import Item


class _NeverCached(ColumnElement):
    inherit_cache = False


THINGS = Table("thing", MetaData(), Column("id", BigInteger, primary_key=True), Column("name", String))


def test_conditions_of_one_form_have_one_key_and_their_own_values():
    first, second = (private.cache_key(THINGS.c.id == value) for value in (1, 2))

    assert first.key == second.key
    assert [[bind.effective_value for bind in each.bindparams] for each in (first, second)] == [[1], [2]]
    assert private.cache_key(THINGS.c.name == "x").key != first.key
    assert private.cache_key(_NeverCached()) is None


def test_a_copied_value_knows_what_it_was_copied_from():
    bind = bindparam("viewer", 1)
    copy = bind._clone()

    assert bind in set(private.copied_from(copy))
    assert set(private.copied_from(bind)) == {bind}


class Shouted(TypeDecorator[str]):
    """A type that changes its values for the driver."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value.upper()


def test_processors_of_values_are_known_by_the_names_of_the_values():
    compiled = select(THINGS.c.id).where(THINGS.c.name == bindparam("name", type_=Shouted())).compile()

    assert private.bind_processors(compiled)["name"]("quiet") == "QUIET"


def test_conditions_order_and_options_of_a_statement_are_as_they_were_given():
    condition, option = Item.name == "x", selectinload(Item.children)
    statement = select(Item).where(condition).order_by(Item.name).options(option)

    assert private.conditions_of(statement)[0].compare(condition)
    assert len(private.conditions_of(statement.where(Item.id == 1))) == 2
    assert [str(one) for one in private.order_of(statement)] == [str(Item.name.expression)]
    assert private.options_of(statement) == (option,)
    assert private.options_of(select(Item)) == ()


def test_a_subquery_that_is_kept_as_it_stands_names_its_own_table_beneath_the_alias_of_a_join():
    table = Item.__table__.name
    own = select(Item.id).where(Item.name == "x").correlate(None)

    def sql(keys):
        # The parent is an alias of the same table, and the condition on it is adapted.
        return str(select(Item.id).where(Item.parent.has(Item.id.in_(keys))))

    assert f"{table}.name = " not in sql(own)
    assert f"{table}.name = " in sql(private.as_plain_subquery(own))


def test_a_statement_that_makes_one_row_of_several_is_known():
    assert not private.merges_rows(select(Item).order_by(Item.id).limit(3))
    assert private.merges_rows(select(Item).distinct())
    assert private.merges_rows(select(Item).group_by(Item.id))


def test_a_statement_that_names_further_tables_is_known():
    assert not private.joins_others(select(Item).where(Item.name == "x").order_by(Item.id))
    assert private.joins_others(select(Item).join(Item.children))
    assert private.joins_others(select(Item).select_from(Item.__table__.alias()))


def test_a_statement_that_narrows_one_table_and_does_nothing_else_is_known():
    plain = select(Item).where(Item.name == "x", Item.children.any()).order_by(Item.id)
    assert private.narrows_one_table(plain)
    others = Item.__table__.alias()
    for more in (
        plain.limit(3),
        plain.offset(3),
        plain.distinct(),
        plain.group_by(Item.id),
        plain.join(Item.children),
        plain.where(others.c.id == Item.id),
        plain.options(selectinload(Item.children)),
        plain.with_for_update(),
        plain.select_from(others),
        plain.prefix_with("X"),
        plain.with_statement_hint("X"),
        select(others),
    ):
        assert not private.narrows_one_table(more), more


def test_integers_of_any_size_are_of_one_kind():
    assert private.kind_of(BigInteger()) is private.kind_of(Integer()) is Integer
    assert private.kind_of(String(5)) is String


def test_the_variants_of_a_type_are_known_by_their_dialects():
    assert private.variants_of(Integer()) == {}
    variants = private.variants_of(BigInteger().with_variant(Integer(), "sqlite"))
    assert [(name, type(found)) for name, found in variants.items()] == [("sqlite", Integer)]


@pytest.mark.parametrize("count", [1, 3])
async def test_the_rows_that_an_insert_answered_are_known_and_left_to_who_reads_them(database, count):
    seen = []
    engine = database.engine.sync_engine

    def listener(_connection, statement, *given):
        if isinstance(statement, Insert) and statement.table.name == Tag.__tablename__:  # not what the history asks
            seen.append(private.answered_rows(given[-1]))

    event.listen(engine, "after_execute", listener)
    async with database.unit_of_work() as session:
        rows = [{"name": str(number)} for number in range(count)]
        made = (await session.execute(insert(Tag).returning(Tag.id, Tag.name), rows)).all()
    event.remove(engine, "after_execute", listener)
    assert sorted(seen[0]) == sorted(tuple(row) for row in made)
    assert len(made) == count


def test_what_an_insert_or_update_says_itself_is_known():
    table = Tag.__table__
    assert list(private.values_to_set(update(table).values(name="x"))) == ["name"]
    assert list(private.values_to_set(update(table).ordered_values((table.c.name, "x")))) == [table.c.name]
    assert not private.values_to_set(update(table))
    plain = insert(table)
    assert not private.names_many_rows(plain.values(name="x"))
    assert private.names_many_rows(plain.values([{"name": "x"}, {"name": "y"}]))
    assert private.names_many_rows(plain.from_select(["name"], select(table.c.name)))
    assert not private.answers(plain)
    assert private.answers(plain.returning(table.c.id))
    assert not private.fetches_keys(plain)
    assert private.fetches_keys(plain.return_defaults())


def test_what_an_insert_does_on_conflict_is_known():
    new = sqlite.insert(Tag)
    assert private.conflict_of(insert(Tag)) is None
    assert private.conflict_of(new.on_conflict_do_nothing()) == ("on_conflict_do_nothing", [])
    upsert = new.on_conflict_do_update(index_elements=[Tag.id], set_={"name": "x"})
    assert private.conflict_of(upsert) == ("on_conflict_do_update", ["id"])
