"""Migrations that would lock or break a busy PostgreSQL are pointed out, each with a code and a way around."""

from pathlib import Path

import pytest

import dovetail
from dovetail.migrations.history.graph import load_history
from dovetail.migrations.lint import lint
from dovetail.registry import load_registry
from tests.migrations.make.test_makemigrations import ITEM, change
from tests.migrations.run.test_migrate import make
from tests.migrations.sites import Site

# It is judged by what PostgreSQL would be told, whichever database the site has.
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

CONCURRENTLY = """
with op.get_context().autocommit_block():
    op.create_index("ix_shop_item_name", "shop_item", ["name"], postgresql_concurrently=True)
"""

WORDS = """
with op.get_context().autocommit_block():
    words = sa.literal_column("name__simple_words")
    op.create_index("x", "shop_item", [words], postgresql_using="gin", postgresql_concurrently=True)
"""

BATCH = """
with op.batch_alter_table("shop_item") as batch:
    {}
"""


@pytest.fixture
def shop(site: Site, monkeypatch) -> Site:
    site.plugin("shop", ITEM + "    price: Mapped[int | None]\n")
    site.manage("makemigrations")
    return site


def check(site: Site) -> str:
    return "\n".join(line for line in site.run("check").stdout.splitlines() if "migrations." in line)


@pytest.mark.parametrize(
    ("upgrade", "code"),
    [
        ("op.create_index('ix_shop_item_name', 'shop_item', ['name'])", "migrations.W001"),
        ("op.create_index('ix_shop_item_name', 'shop_item', ['name'], unique=True)", "migrations.W001"),
        ("op.add_column('shop_item', sa.Column('x', sa.Integer(), nullable=False))", "migrations.W002"),
        ("op.alter_column('shop_item', 'price', existing_type=sa.Integer(), nullable=False)", "migrations.W002"),
        ("op.alter_column('shop_item', 'price', type_=sa.BigInteger())", "migrations.W003"),
        ("op.create_unique_constraint('uq_x', 'shop_item', ['name'])", "migrations.W004"),
        ("op.create_check_constraint('x', 'shop_item', 'price > 0')", "migrations.W004"),
        ("op.create_foreign_key('fk_x', 'shop_item', 'shop_item', ['price'], ['id'])", "migrations.W004"),
        ("op.drop_column('shop_item', 'gone')", "migrations.W005"),
        ("op.alter_column('shop_item', 'price', new_column_name='cost')", "migrations.W006"),
        ("op.rename_table('shop_item', 'shop_thing')", "migrations.W006"),
        ("op.execute('create index concerned on public.shop_item (name)')", "migrations.W001"),
        ("op.execute('ALTER TABLE IF EXISTS ONLY shop_item\\n  ALTER price SET NOT NULL')", "migrations.W002"),
        ("op.execute('SELECT 1; ALTER TABLE shop_item ALTER price SET DATA TYPE bigint')", "migrations.W003"),
        ("op.execute('ALTER TABLE shop_item ADD COLUMN x int, ADD UNIQUE (name)')", "migrations.W004"),
        ("op.execute('ALTER TABLE shop_item DROP COLUMN IF EXISTS \"gone\"')", "migrations.W005"),
        ("op.execute('/* why */ ALTER TABLE shop_item RENAME TO shop_thing')", "migrations.W006"),
        (
            "op.add_column('shop_item', sa.Column('x', sa.Text(), sa.Computed('upper(name)', persisted=True)))",
            "migrations.W007",
        ),
        (WORDS, "migrations.W007"),
        (BATCH.format("batch.create_index('ix_x', ['name'])"), "migrations.W001"),
        (BATCH.format("batch.alter_column('price', existing_type=sa.Integer(), nullable=False)"), "migrations.W002"),
        (BATCH.format("batch.alter_column('price', existing_type=sa.Integer(), type_=sa.Text())"), "migrations.W003"),
        (BATCH.format("batch.create_unique_constraint('uq_x', ['name'])"), "migrations.W004"),
        (BATCH.format("batch.drop_column('gone')"), "migrations.W005"),
        (BATCH.format("batch.alter_column('price', new_column_name='cost')"), "migrations.W006"),
    ],
)
def test_each_danger_has_a_code_and_a_hint(shop, upgrade, code):
    shop.migration("shop", "0002_risky", upgrade)

    said = check(shop)

    assert f"WARNING ({code}) shop_0002_risky " in said
    assert "Hint: " in said
    assert said.count("\n") == 0


@pytest.mark.parametrize(
    "upgrade",
    [
        CONCURRENTLY,
        make("shop_more") + "\nop.create_index('ix_shop_more_name', 'shop_more', ['name'])",
        "op.add_column('shop_item', sa.Column('x', sa.Integer(), nullable=False, server_default='0'))",
        "op.add_column('shop_item', sa.Column('x', sa.Integer()))",
        "op.create_foreign_key('fk_x', 'shop_item', 'shop_item', ['price'], ['id'], postgresql_not_valid=True)",
        "op.execute('UPDATE shop_item SET price = 1')",
        "op.execute('ALTER TABLE shop_item ADD CONSTRAINT uq_x UNIQUE USING INDEX ix_x')",
        "op.execute('ALTER TABLE shop_item VALIDATE CONSTRAINT fk_x')",
        "op.execute('ALTER TABLE shop_item ALTER price DROP NOT NULL')",
        "op.execute('-- CREATE INDEX x ON shop_item (name);\\nSELECT 1')",
        "op.execute('create table shop_more (id int); create index x on shop_more (id)')",
        make("shop_more")
        + "\nwith op.batch_alter_table('shop_more') as batch:\n    batch.create_unique_constraint('uq_x', ['name'])\n"
        + "    batch.alter_column('name', existing_type=sa.String(50), type_=sa.Text(), nullable=False)\n"
        + "    batch.drop_column('name')",
        "op.get_bind().scalars(sa.text('SELECT 1')).all()",
    ],
)
def test_what_is_safe_is_not_mentioned(shop, upgrade):
    shop.migration("shop", "0002_safe", upgrade)

    assert check(shop) == ""


def test_a_dropped_column_that_is_still_mapped_is_said_to_be(shop):
    shop.migration("shop", "0002_risky", "op.drop_column('shop_item', 'price')")

    assert "drops shop_item.price" in check(shop)
    assert "which the models still map" in check(shop)


def test_a_reason_in_the_file_silences_one_code(shop):
    path = shop.migration(
        "shop", "0002_risky", "op.drop_column('shop_item', 'x')\nop.rename_table('shop_item', 'shop_y')"
    )
    path.write_text("# lint: migrations.W005 - nobody runs the release before\n" + path.read_text())

    assert "W005" not in check(shop)
    assert "W006" in check(shop)


@pytest.mark.parametrize("reason", ["", " -", " - ", " - REASON", " because nobody asks for it"])
def test_a_marker_without_a_reason_in_words_silences_nothing(shop, reason):
    path = shop.migration("shop", "0002_risky", "op.drop_column('shop_item', 'x')")
    path.write_text(f"# lint: migrations.W005{reason}\n" + path.read_text())

    assert "W005" in check(shop)


def test_makemigrations_warns_of_what_it_writes(site):
    change(site, ITEM, ITEM + '    __table_args__ = (Index("ix_shop_item_name", "name"),)\n')

    said = site.manage("makemigrations")

    assert "WARNING (migrations.W001) shop_0002_ix_shop_item_name makes an index on shop_item" in said


@pytest.mark.usefixtures("database_kind")
def test_what_the_framework_ships_is_harmless_or_says_why(make_settings):
    folder = Path(dovetail.__file__).parent / "contrib"
    plugins = tuple(f"dovetail.contrib.{path.parent.name}" for path in sorted(folder.glob("*/plugin.py")))
    settings = make_settings(plugins=plugins)
    history = load_history(settings.base_dir, load_registry(settings))

    found = lint(history, history.scripts)

    assert len(plugins) == 6
    assert len(history.scripts) > 20
    assert list(map(str, found)) == []
