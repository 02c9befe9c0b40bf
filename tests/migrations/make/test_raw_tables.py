"""Tables that a migration makes by SQL of its own, under a name that stands in no file."""

import pytest

from tests.migrations.sites import Site

MODELS = """
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    name: Mapped[str] = mapped_column(String(20))
"""
KEYS = {
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL",
    "postgresql": "BIGSERIAL CONSTRAINT pk_shop_item PRIMARY KEY",
}


@pytest.fixture
def shop(site: Site, database_kind: str) -> Site:
    site.plugin("shop", MODELS)
    sql = f"CREATE TABLE %s_item (id {KEYS[database_kind]}, name VARCHAR(20) NOT NULL)"
    site.migration("shop", "0001_initial", f"op.execute({sql!r} % 'shop')")
    site.manage("migrate")
    return site


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_sqlite_knows_them_for_what_migrations_make(shop):
    assert shop.manage("makemigrations", "--check") == "No changes detected.\n"


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_postgresql_takes_them_for_another_programs_and_says_what_to_do_about_it(shop):
    said = shop.manage("makemigrations")
    assert said.startswith(
        "Note: the table shop_item is there and no migration names it, so the new one makes the whole"
    )
    assert said.endswith("shop: 0002_item\n")

    shop.migrations("shop").joinpath("0002_item.py").unlink()
    first = shop.migrations("shop") / "0001_initial.py"
    first.write_text(f"{first.read_text()}# makes shop_item\n")

    assert shop.manage("makemigrations", "--check") == "No changes detected.\n"
