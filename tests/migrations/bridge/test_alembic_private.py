"""Each private part of Alembic that is leaned on: these fail when one of them changes its meaning."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate.api import AutogenContext
from alembic.ddl.impl import DefaultImpl
from alembic.operations import Operations, ops
from alembic.operations.batch import BatchOperationsImpl
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Identity, Integer, MetaData, Table, create_engine, text
from sqlalchemy.dialects import postgresql, sqlite

from dovetail.migrations.bridge import alembic_private
from dovetail.migrations.bridge.postgresql.impl import DovetailPostgresqlImpl
from dovetail.migrations.bridge.sqlite.impl import DovetailSQLiteImpl

FILE = """
revision = {revision!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}
def upgrade(): ...
def downgrade(): ...
"""


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()  # from Python 3.13 on, a connection warns that nobody closed


@pytest.fixture
def scripts(tmp_path: Path) -> ScriptDirectory:
    """Two branches; the second depends on the first by its label."""
    for name, down, labels, depends in (
        ("shop_0001_a", None, ("shop",), None),
        ("shop_0002_b", "shop_0001_a", None, None),
        ("cart_0001_c", None, ("cart",), "shop"),
    ):
        text = FILE.format(revision=name, down=down, labels=labels, depends=depends)
        (tmp_path / f"{name}.py").write_text(text)
    return ScriptDirectory(tmp_path, version_locations=[str(tmp_path)])


def test_parents_are_full_ids(scripts):
    found = {script.revision: script for script in scripts.walk_revisions()}

    assert alembic_private.parents(found["shop_0002_b"]) == ("shop_0001_a",)
    assert alembic_private.down_revisions(found["cart_0001_c"]) == ()
    assert alembic_private.dependencies(found["cart_0001_c"]) == ("shop_0001_a",)
    assert alembic_private.parents(found["shop_0001_a"]) == ()


def test_revisions_can_be_added_and_files_read_again(scripts, tmp_path):
    assert len(list(scripts.walk_revisions())) == 3
    (tmp_path / "d.py").write_text(FILE.format(revision="shop_0003_d", down="shop_0002_b", labels=None, depends=None))
    seen = []

    alembic_private.reload(scripts, lambda files: seen.extend(files) or files)

    assert len(list(scripts.walk_revisions())) == 4
    assert len(seen) == 4


def test_revisions_can_be_left_out_of_every_script_directory(scripts, tmp_path, monkeypatch):
    monkeypatch.setattr(ScriptDirectory, "_load_revisions", ScriptDirectory._load_revisions)
    alembic_private.set_choice(lambda files: [script for script in files if script.revision.startswith("shop")])

    found = ScriptDirectory(tmp_path, version_locations=[str(tmp_path)])

    assert [script.revision for script in found.walk_revisions()] == ["shop_0002_b", "shop_0001_a"]


def test_version_locations_can_be_given_to_every_script_directory(scripts, tmp_path, monkeypatch):
    monkeypatch.setattr(ScriptDirectory, "_version_locations", ScriptDirectory.__dict__["_version_locations"])
    alembic_private.set_version_locations(lambda: [tmp_path])

    found = ScriptDirectory(tmp_path.parent)

    assert {script.revision for script in found.walk_revisions()} == {"shop_0001_a", "shop_0002_b", "cart_0001_c"}
    own = ScriptDirectory(tmp_path.parent, version_locations=[str(tmp_path.parent / "none")])
    assert list(own.walk_revisions()) == []


def test_operations_are_rendered_without_a_frame_of_comments():
    context = MigrationContext.configure(dialect_name="sqlite")
    options = {"alembic_module_prefix": "op.", "sqlalchemy_module_prefix": "sa.", "render_as_batch": True}
    autogen = AutogenContext(
        context, opts=options | {"user_module_prefix": None, "render_item": None}, autogenerate=False
    )
    add = ops.ModifyTableOps("shop_item", [ops.AddColumnOp("shop_item", Column("price", Integer()))])

    assert alembic_private.rendered_body(ops.UpgradeOps([add]), autogen) == (
        "with op.batch_alter_table('shop_item') as batch_op:\n"
        "    batch_op.add_column(sa.Column('price', sa.Integer(), nullable=True))"
    )


def test_our_dialects_take_the_place_of_alembics():
    assert DefaultImpl.get_by_dialect(sqlite.dialect()) is DovetailSQLiteImpl
    assert DefaultImpl.get_by_dialect(postgresql.dialect()) is DovetailPostgresqlImpl


def test_the_version_table_has_room_for_long_ids(connection):
    context = MigrationContext.configure(connection)

    table = context.impl.version_table_impl(
        version_table="alembic_version", version_table_schema=None, version_table_pk=True
    )

    assert table.c.version_num.type.length == 255
    assert table.c.version_num.primary_key


def test_a_difference_of_indexes_is_one_to_alembic():
    assert alembic_private.difference("other columns").is_different


def test_every_statement_of_an_operation_passes_the_hook(monkeypatch: pytest.MonkeyPatch):
    heard = []
    monkeypatch.setattr(DovetailPostgresqlImpl, "run_statement", lambda _self, statement, _run: heard.append(statement))
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True})
    table = Table("shop_item", MetaData(), Column("id", Integer))

    context.impl.create_table(table)
    context.impl.add_column("shop_item", Column("name", Integer))
    context.impl.drop_table(table)
    context.execute("SELECT 1")

    assert [str(each).split()[0] for each in heard] == ["CREATE", "ALTER", "DROP", "SELECT"]


def test_a_column_of_sqlite_has_no_identity_to_change():
    impl = MigrationContext.configure(dialect_name="sqlite").impl

    assert impl._compare_identity_default(Identity(start=1), None) == (set(), set(), False)


def test_a_batch_that_makes_a_table_anew_is_heard_of_before_its_indexes_are_looked_for(monkeypatch, connection):
    monkeypatch.setattr(BatchOperationsImpl, "flush", BatchOperationsImpl.flush)
    heard = []
    alembic_private.set_batch_hook(lambda batch: heard.append([name for name, *_ in batch.batch]))
    connection.execute(text("CREATE TABLE shop (id INTEGER, name TEXT)"))
    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table("shop", recreate="always") as batch:
        batch.create_index("ix_shop_name", ["name"])
    with operations.batch_alter_table("shop") as batch:  # which SQLite can alter
        batch.add_column(Column("price", Integer()))

    assert heard == [["create_index"]]
