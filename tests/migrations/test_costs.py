"""What a migration costs besides what it does: the books, and on SQLite a look at rows that it may have orphaned."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from dovetail.database.engine.sync_engine import create_sync_engine
from dovetail.migrations.run.foreign_keys import ReferenceCheck
from dovetail.migrations.run.runner import MigrationRun, Target, migrate
from dovetail.registry import load_registry
from tests.migrations.schema import execute, rows

PARENT = "op.create_table('shop_item', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.Text))"
CHILD = (
    "op.create_table('shop_part', sa.Column('id', sa.Integer, primary_key=True), "
    "sa.Column('item_id', sa.Integer, sa.ForeignKey('shop_item.id', ondelete='CASCADE')))"
)
ADD = "op.add_column('shop_item', sa.Column('price', sa.Integer))\nop.create_index('ix_price', 'shop_item', ['price'])"
MADE_ANEW = "with op.batch_alter_table('shop_item') as batch:\n    batch.alter_column('name', nullable=False)"


async def applied(settings, *targets: Target) -> list[list[str]]:
    """The statements that each run of migrations sends, without those that look."""
    registry, runs = load_registry(settings), []

    def record(_connection, _cursor, statement, *_rest):
        if statement.split()[0] not in ("BEGIN", "SELECT", "PRAGMA", "SET", "RESET"):
            runs[-1].append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    try:
        for target in targets:
            runs.append([])
            await migrate(MigrationRun(settings, registry, target))
    finally:
        event.remove(Engine, "before_cursor_execute", record)
    return runs


async def test_a_migration_costs_two_statements_besides_its_own(make_settings, empty_database_url):
    settings = make_settings(database_url=empty_database_url)
    first, forth, back = await applied(
        settings,
        Target(plugin="blog", revision="0002"),
        Target(plugin="blog", revision="0003"),
        Target(plugin="blog", revision="0002"),
    )
    books = [
        [each for each in run if "alembic_version" in each or "dovetail_migration" in each] for run in (forth, back)
    ]

    assert [each.split()[0] for each in books[0]] == ["UPDATE", "INSERT"]
    assert [each.split()[0] for each in books[1]] == ["UPDATE", "DELETE"]
    assert len(forth) == len(back) == 3  # an index
    assert len(first) > len(forth)


TOUCHED = [
    (ADD, []),
    ("op.execute('ALTER TABLE shop_part ADD other_id INTEGER REFERENCES shop_item (id)')", ["shop_part"]),
    (MADE_ANEW, ["shop_part"]),
    ("op.execute('DELETE FROM shop_item WHERE id = 7')", ["shop_part"]),
    ("op.execute('INSERT INTO shop_part (item_id) VALUES (1)')", ["shop_part"]),
    ("op.execute('INSERT INTO shop_other VALUES (1)')", []),
    ("op.execute('WITH x AS (SELECT 1) DELETE FROM shop_item WHERE id = 7')", ["shop_part"]),
    ("op.rename_table('shop_item', 'shop_thing')", ["shop_part"]),
    ("op.drop_table('shop_part')", []),
    ("op.execute('CREATE VIEW shop_view AS SELECT id FROM shop_item')", []),
]


@pytest.mark.parametrize(("code", "tables"), TOUCHED, ids=[code[:60] for code, _ in TOUCHED])
def test_references_are_looked_at_only_where_a_migration_may_have_broken_them(make_settings, tmp_path, code, tables):
    looks: list[str] = []
    with create_sync_engine(make_settings(database_url=f"sqlite:///{tmp_path}/site.sqlite3")).connect() as connection:
        connection.execute(text("PRAGMA foreign_keys=off"))
        for statement in SCHEMA:
            connection.execute(text(statement))
        connection.commit()
        connection.connection.driver_connection.set_trace_callback(looks.append)
        context = MigrationContext.configure(connection, opts={"transactional_ddl": True})
        check = ReferenceCheck(connection)
        with check.watching(), connection.begin(), Operations.context(context):
            exec(code, {"op": op, "sa": sa})
            check.check(ctx=context, step=SimpleNamespace(up_revision_id="shop_0002"))

    assert [look.split('"')[1] for look in looks if "foreign_key_check" in look] == tables


SCHEMA = (
    "CREATE TABLE shop_item (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE shop_part (id INTEGER PRIMARY KEY, item_id INTEGER REFERENCES shop_item (id) ON DELETE CASCADE)",
    "CREATE TABLE shop_other (id INTEGER PRIMARY KEY)",
    "INSERT INTO shop_item VALUES (1, 'a')",
    "INSERT INTO shop_part VALUES (1, 1)",
)


@pytest.fixture
def shop(site):
    site.plugin("shop", "")
    site.migration("shop", "0001_a", f"{PARENT}\n{CHILD}")
    site.manage("migrate")
    return site


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_migration_that_orphans_rows_is_undone_and_those_before_it_stay(shop, engine):
    await execute(engine, *SCHEMA[3:])
    shop.migration("shop", "0002_b", ADD)
    shop.migration("shop", "0003_c", "op.execute('DELETE FROM shop_item WHERE id = 1')")
    shop.migration("shop", "0004_d", "pass")

    done = shop.run("migrate")

    assert done.returncode == 1
    assert "shop_0003_c leaves 1 row of shop_part that refer to no row of shop_item" in done.stdout
    assert await rows(engine, "SELECT id, name, price FROM shop_item") == [(1, "a", None)]
    assert [row[0] for row in await rows(engine, "SELECT revision FROM dovetail_migration")] == [
        "shop_0001_a",
        "shop_0002_b",
    ]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_rows_that_referred_to_nothing_before_are_not_the_migrations_fault(shop, engine):
    await execute(engine, "INSERT INTO shop_part VALUES (1, 77)")
    shop.migration("shop", "0002_b", MADE_ANEW)
    shop.migration("shop", "0003_c", "op.execute('INSERT INTO shop_part VALUES (2, 78)')")

    done = shop.run("migrate")

    assert "Applying shop_0002_b ... OK" in done.stdout
    assert "shop_0003_c leaves 1 row of shop_part that refer to no row of shop_item" in done.stdout
    assert await rows(engine, "SELECT id FROM shop_part") == [(1,)]


async def test_a_migration_may_run_coroutines_on_both_databases(shop, engine):
    shop.migration(
        "shop",
        "0002_b",
        """
        async def fill(connection):
            await connection.execute(sa.text("INSERT INTO shop_item VALUES (5, 'async')"))
        op.run_async(fill)
        """,
    )
    shop.manage("migrate")

    assert await rows(engine, "SELECT id, name FROM shop_item") == [(5, "async")]
