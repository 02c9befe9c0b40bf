"""Columns of every type: what migrations build is what the models say, and what they said is not said again."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, inspect, text

from dovetail.testing.databases import TestDatabases
from tests.forked import start
from tests.migrations.columns import EVERYWHERE, IMPORTS, MODULE, POSTGRESQL
from tests.migrations.schema import execute, rows
from tests.migrations.sites import Site
from tests.outside import run_async, settings_for

CREATE_ALL = """
import asyncio
from plugins.shop import models
from dovetail.database.engine.engine import create_engine
from config.settings import Settings
from dovetail.settings import load_settings
async def create():
    engine = create_engine(load_settings(Settings))
    async with engine.begin() as connection:
        await connection.run_sync(models.Base.metadata.create_all)
    await engine.dispose()
asyncio.run(create())
"""
KINDS = {"sqlite": EVERYWHERE, "postgresql": (*EVERYWHERE, *POSTGRESQL)}
Tables = Sequence[Sequence[str]]  # of each table the columns


def models(tables: Tables, share: float = 1.0) -> str:
    """The source of the models, with the first part of each table's columns."""
    number, lines = 0, [IMPORTS]
    for position, columns in enumerate(tables):
        lines += [f"class Table{position}(IdMixin, Base):", f"    __tablename__ = 'shop_table{position}'"]
        lines += ["    name: Mapped[str] = mapped_column(String(20), server_default='')"]
        for index, column in enumerate(columns):
            number += 1
            if index < len(columns) * share:
                nullable = "" if "nullable" in column else ", nullable=True"
                lines.append(f"    c{index}: Mapped[Any] = mapped_column({column.format(n=number)}{nullable})")
    return "\n".join(lines) + "\n"


def catalogue(connection: Connection) -> set[object]:
    return _postgresql(connection) if connection.dialect.name == "postgresql" else _sqlite(connection)


POSTGRESQL_COLUMNS = """
SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, collname,
    pg_get_expr(adbin, adrelid), attndims
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_collation ON pg_collation.oid = attcollation
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relname LIKE 'shop%' AND relkind = 'r' ORDER BY 1, 2
"""
POSTGRESQL_OTHERS = (
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid::regclass::text LIKE 'shop%'",
    "SELECT typname, enumlabel, enumsortorder FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid",
    "SELECT typname, format_type(typbasetype, typtypmod) FROM pg_type WHERE typname LIKE 'domain%' AND typtype = 'd'",
    "SELECT sequencename, start_value, increment_by FROM pg_sequences WHERE sequencename LIKE 'shop%'",
)


def _postgresql(connection: Connection) -> set[object]:
    return {tuple(row) for query in (POSTGRESQL_COLUMNS, *POSTGRESQL_OTHERS) for row in connection.execute(text(query))}


def _sqlite(connection: Connection) -> set[object]:
    found, inspector = set[object](), inspect(connection)
    for table in inspector.get_table_names():
        if table.startswith("shop"):
            query = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(:table)'
            sql = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = :table"), {"table": table})
            found |= {(table, *row) for row in connection.execute(text(query), {"table": table})}
            found |= {(table, check["name"], check["sqltext"]) for check in inspector.get_check_constraints(table)}
            found |= {(table, column["name"], str(column.get("computed"))) for column in inspector.get_columns(table)}
            found.add((table, "collations", str(sql).count("COLLATE")))
    return found


def read(url: str) -> set[object]:
    return run_async(settings_for(url), lambda session: session.run_sync(lambda sync: catalogue(sync.connection())))


def assert_migrations_build_the_models(folder: Path, url: str, other_url: str, tables: Tables) -> Site:
    site = Site(folder, url)
    for share in (0.5, 1.0):  # the second half is added to what is there
        site.plugin("shop", models(tables, share))
        (folder / "plugins" / "shop" / "kinds.py").write_text(MODULE)
        site.manage("makemigrations", "--noinput")
        site.manage("migrate")
        assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    (folder / "create_all.py").write_text(CREATE_ALL)
    done = start(["create_all.py"], folder, site.environment(DATABASE_URL=other_url)).finish()
    assert done.returncode == 0, done.stdout
    migrated, created = read(url), read(other_url)
    assert (migrated - created, created - migrated) == (set(), set())
    return site


@contextmanager
def two_databases(databases: TestDatabases, kind: str) -> Iterator[list[str]]:
    with ExitStack() as stack:
        yield [stack.enter_context(databases.empty(kind)) for _ in range(2)]


def test_columns_of_all_types_are_built_as_the_models_say_and_go_without_a_trace(databases, tmp_path, database_kind):
    columns = KINDS[database_kind]
    with two_databases(databases, database_kind) as urls:
        site = assert_migrations_build_the_models(tmp_path, *urls, [columns, columns[::-1]])
        before = read(urls[0])
        site.manage("migrate", "shop", "zero", "--yes")
        assert read(urls[0]) == set()
        site.manage("migrate")
        assert read(urls[0]) == before


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=3, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_tables_of_random_columns_are_built_as_the_models_say(databases, tmp_path_factory, kind, data):
    columns = st.lists(st.sampled_from(KINDS[kind]), min_size=1, max_size=9)
    tables = data.draw(st.lists(columns, min_size=1, max_size=3))
    with two_databases(databases, kind) as urls:
        assert_migrations_build_the_models(tmp_path_factory.mktemp("site"), *urls, tables)


ENUMS = """
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
LEVEL = sa.Enum({labels}, name="Level of")
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    level: Mapped[str] = mapped_column(LEVEL, server_default={default})
    levels: Mapped[list[str] | None] = mapped_column(postgresql.ARRAY(LEVEL))
class Part(IdMixin, Base):
    __tablename__ = "shop_part"
    level: Mapped[str | None] = mapped_column({other})
"""


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_the_labels_of_an_enum_follow_the_model_and_values_stay(site, engine):
    def change(labels: str, default: str = "'low'", other: str = "LEVEL") -> None:
        site.plugin("shop", ENUMS.format(labels=labels, default=default, other=other))
        site.manage("makemigrations")
        site.manage("migrate")
        assert site.manage("makemigrations", "--check") == "No changes detected.\n"

    async def stored() -> list[tuple[object, ...]]:
        return await rows(engine, "SELECT i.level::text, i.levels::text, p.level::text FROM shop_item i, shop_part p")

    change("'low', 'high'")
    insert = "INSERT INTO shop_item (levels) VALUES ('{{low,high}}')".replace("{{", "{").replace("}}", "}")
    await execute(engine, insert, "INSERT INTO shop_part (level) VALUES ('high')")
    change("'lower', 'low', \"it's: new\", 'high', 'higher'")  # added in place
    assert await stored() == [("low", "{low,high}", "high")]
    change("'high', 'low'", "'high'")  # taken away, in another order, with a default that changes
    assert await stored() == [("low", "{low,high}", "high")]
    change("'high', 'low'", other="sa.String(9)")  # an enum becomes a text
    change("'high', 'low'", other="LEVEL")  # and one again
    assert await stored() == [("low", "{low,high}", "high")]

    while len(site.files("shop")) and (await rows(engine, "SELECT 1 FROM dovetail_migration")):
        last = (await rows(engine, "SELECT revision FROM dovetail_migration ORDER BY id DESC"))[1:2]
        site.manage("migrate", "shop", str(last[0][0]) if last else "zero", "--yes")
    assert await rows(engine, "SELECT typname FROM pg_type WHERE typname LIKE 'Level%'") == []


async def test_a_type_that_cannot_be_imported_is_refused(site):
    site.plugin("shop", "import sqlalchemy as sa\n" + LOCAL)

    done = site.run("makemigrations")

    assert done.returncode == 1
    assert done.stdout.startswith("manage.py: the type make.<locals>.Odd of a column cannot be imported")


LOCAL = """
def make():
    class Odd(sa.types.UserDefinedType):
        def get_col_spec(self, **kw):
            return "TEXT"
    return Odd()
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    odd: Mapped[str] = mapped_column(make())
"""


async def test_an_added_column_leaves_computed_columns_and_collations_as_they_were(site, engine):
    before = """
    import sqlalchemy as sa
    class Item(IdMixin, Base):
        __tablename__ = "shop_item"
        code: Mapped[str] = mapped_column(sa.String(9, collation="C").with_variant(sa.String(9, "NOCASE"), "sqlite"))
        size: Mapped[int] = mapped_column(server_default="2")
        double: Mapped[float] = mapped_column(sa.Numeric(9, 2), sa.Computed("size * 2", persisted=True))
    """
    site.plugin("shop", before)
    site.manage("makemigrations")
    site.manage("migrate")
    await execute(engine, "INSERT INTO shop_item (code) VALUES ('a')")
    site.plugin("shop", before.replace("size: Mapped[int]", "size: Mapped[int | None]"))
    site.manage("makemigrations")
    site.manage("migrate")
    await execute(engine, "INSERT INTO shop_item (code, size) VALUES ('B', 5)")

    assert (
        await rows(engine, "SELECT code, double FROM shop_item ORDER BY code DESC")
        == [("B", 10), ("a", 4)][:: 1 if engine.dialect.name == "sqlite" else -1]
    )


COMPUTED = """
import sqlalchemy as sa
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    name: Mapped[str] = mapped_column(sa.String(9))
    double: Mapped[int | None] = mapped_column({}, index=True)
"""


async def test_a_column_is_computed_anew_when_its_expression_changes(site, engine):
    async def values_with(column: str) -> list[tuple[object, ...]]:
        site.plugin("shop", COMPUTED.format(column))
        site.manage("makemigrations", "--noinput")
        site.manage("migrate")
        assert site.manage("makemigrations", "--check") == "No changes detected.\n"
        return await rows(engine, "SELECT double FROM shop_item")

    await values_with('sa.Computed("length(name) * 2", persisted=True)')
    await execute(engine, "INSERT INTO shop_item (name) VALUES ('abc')")
    assert await values_with('sa.Computed("length(name) * 3 + 1", persisted=True)') == [(10,)]
    assert await values_with("sa.Integer") == [(None,)]
    assert await values_with('sa.Computed("length(name)", persisted=True)') == [(3,)]
    site.manage("migrate", "shop", "0002")
    assert await rows(engine, "SELECT double FROM shop_item") == [(10,)]
