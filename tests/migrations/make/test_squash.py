"""`manage.py squashmigrations` writes one revision for several, for databases that have all of them, some, or none."""

import pytest

from tests.forked import start
from tests.migrations.run.test_migrate import make
from tests.migrations.schema import rows, schema, tables
from tests.migrations.sites import Site

WHOLE = "shop_0001_squashed_0003_three"
PARTS = ["shop_0001_one", "shop_0002_two", "shop_0003_three"]

FILL = """
op.execute(sa.text("INSERT INTO shop_one (id, name) VALUES (1, :text)").bindparams(text=TEXT))
insert()
"""


@pytest.fixture
def shop(site: Site) -> Site:
    """Three migrations, of which the second fills in rows with names of its own, and a cart that needs the second."""
    site.plugin("shop", "")
    site.plugin("cart", "", depends_on=("shop",))
    site.migration("shop", "0001_one", make("shop_one"), "op.drop_table('shop_one')")
    path = site.migration("shop", "0002_two", FILL, "op.execute('DELETE FROM shop_one')")
    more = "TEXT = '''one\n  two'''\ndef insert():\n    op.execute(\"INSERT INTO shop_one (id) VALUES (2)\")\n"
    path.write_text(path.read_text().replace("def upgrade", more + "def upgrade"))
    site.migration("shop", "0003_three", make("shop_three"), "op.drop_table('shop_three')")
    site.migration("cart", "0001_cart", make("cart_line"), "op.drop_table('cart_line')", depends_on="shop_0002_two")
    return site


def squash(site: Site) -> None:
    said = site.manage("squashmigrations", "shop", "0001", "0003")
    assert said.startswith(f"shop: 0001_squashed_0003_three, which replaces 3 migrations: {', '.join(PARTS)}.\n")


async def recorded(engine) -> list[str]:
    return [row[0] for row in await rows(engine, "SELECT revision FROM dovetail_migration ORDER BY id")]


PENDING = """
import asyncio
from config.settings import Settings
from dovetail.database.engine.engine import create_engine
from dovetail.migrations.history.pending import unapplied
from dovetail.registry import load_registry
from dovetail.settings import load_settings
settings = load_settings(Settings)
print(*asyncio.run(unapplied(create_engine(settings), load_registry(settings))))
"""


def waiting(site: Site) -> list[str]:
    """What a server says is not applied, in a process that knows the site."""
    (site.folder / "pending.py").write_text(PENDING)
    done = start(["pending.py"], site.folder, site.environment()).finish()
    assert done.returncode == 0, done.stdout
    return done.stdout.split()


async def test_a_new_database_applies_the_one_and_ends_as_with_the_others(shop, engine):
    shop.manage("migrate")
    expected, data = await schema(engine), await rows(engine, "SELECT id, name FROM shop_one ORDER BY id")
    assert data == [(1, "one\n  two"), (2, None)]
    shop.manage("migrate", "shop", "zero", "--yes")
    squash(shop)
    assert waiting(shop) == [WHOLE, "cart_0001_cart"]

    said = shop.manage("migrate")

    assert f"  + {WHOLE}\n  + cart_0001_cart\n" in said
    assert await schema(engine) == expected
    assert await rows(engine, "SELECT id, name FROM shop_one ORDER BY id") == data
    assert await recorded(engine) == [WHOLE, "cart_0001_cart"]
    assert waiting(shop) == []
    assert shop.manage("migrate") == "No migrations to apply.\n"
    assert shop.manage("showmigrations") == (
        "shop\n [x] 0001_squashed_0003_three (3 squashed migrations)\ncart\n [x] 0001_cart\n"
    )


async def test_it_goes_down_and_up_again(shop, engine):
    squash(shop)
    shop.manage("migrate")

    shop.manage("migrate", "shop", "zero", "--yes")
    assert await tables(engine) == set()
    assert await recorded(engine) == []
    assert await rows(engine, "SELECT * FROM alembic_version") == []
    shop.manage("migrate")
    assert await tables(engine) == {"shop_one", "shop_three", "cart_line"}


async def test_a_database_that_has_them_all_takes_it_for_applied(shop, engine):
    shop.manage("migrate")
    squash(shop)
    assert " [-] 0001_squashed_0003_three (3 squashed migrations; run manage.py migrate to record it)\n" in (
        shop.manage("showmigrations", "shop")
    )
    assert waiting(shop) == []

    assert shop.manage("migrate") == "No migrations to apply.\n"

    assert sorted(await recorded(engine)) == ["cart_0001_cart", WHOLE]
    assert await rows(engine, "SELECT version_num FROM alembic_version") == [("cart_0001_cart",)]
    assert shop.manage("showmigrations", "shop") == "shop\n [x] 0001_squashed_0003_three (3 squashed migrations)\n"
    for path in shop.migrations("shop").glob("000[123]_[ot]*.py"):
        path.unlink()
    assert shop.files("shop") == ["0001_squashed_0003_three"]
    assert shop.manage("migrate") == "No migrations to apply.\n"
    assert "gone" not in shop.manage("showmigrations")
    shop.manage("migrate", "shop", "zero", "--yes")
    assert await tables(engine) == set()


async def test_a_database_in_between_applies_the_rest_and_then_takes_it_for_applied(shop, engine):
    shop.manage("migrate", "shop", "0002")
    squash(shop)
    assert shop.manage("showmigrations", "shop") == (
        "shop\n"
        " [x] 0001_one (squashed into 0001_squashed_0003_three)\n"
        " [x] 0002_two (squashed into 0001_squashed_0003_three)\n"
        " [ ] 0003_three (squashed into 0001_squashed_0003_three)\n"
    )
    shop.migration("shop", "0004_four", make("shop_four"), "op.drop_table('shop_four')", down_revision=WHOLE)
    assert waiting(shop) == ["shop_0003_three", "shop_0004_four", "cart_0001_cart"]

    said = shop.manage("migrate")

    assert "+ shop_0003_three\n" in said
    assert "+ shop_0004_four\n" in said
    assert WHOLE not in said
    assert sorted(await recorded(engine)) == ["cart_0001_cart", WHOLE, "shop_0004_four"]
    assert shop.manage("migrate") == "No migrations to apply.\n"
    shop.manage("migrate", "shop", "zero", "--yes")
    assert await tables(engine) == set()


async def test_a_database_in_between_is_refused_when_the_files_of_the_rest_are_gone(shop, engine):
    shop.manage("migrate", "shop", "0002")
    squash(shop)
    (shop.migrations("shop") / "0003_three.py").unlink()

    done = shop.run("migrate")

    assert done.returncode == 1
    assert "this database has shop_0001_one and shop_0002_two and not shop_0003_three, whose files are gone" in (
        done.stdout
    )
    assert done.stdout.count("\n") == 1
    assert await recorded(engine) == PARTS[:2]


async def test_raw_alembic_knows_it_too(shop, engine):
    shop.manage("migrate")
    squash(shop)

    assert f"{WHOLE} (shop) (" in shop.alembic("heads").stdout
    assert WHOLE in shop.alembic("current").stdout
    assert shop.alembic("downgrade", "base").returncode == 0
    assert await tables(engine) == set()
    assert shop.alembic("upgrade", "head").returncode == 0
    assert await recorded(engine) == [WHOLE, "cart_0001_cart"]


async def test_raw_alembic_finishes_a_database_in_between(shop, engine):
    shop.manage("migrate", "shop", "0002")
    squash(shop)

    done = shop.alembic("upgrade", "head")

    assert done.returncode == 0, done.stdout
    assert sorted(await recorded(engine)) == ["cart_0001_cart", WHOLE]


async def test_new_migrations_stand_on_it_and_go_on_counting(shop, engine):
    squash(shop)

    assert shop.manage("makemigrations", "--empty", "shop", "--name", "next") == "shop: 0004_next\n"
    assert WHOLE in shop.source("shop", "0004")


async def test_a_middle_part_can_be_squashed(shop, engine):
    shop.manage("squashmigrations", "shop", "2", "3")
    assert shop.files("shop")[1] == "0002_squashed_0003_three"

    shop.manage("migrate")

    assert await recorded(engine) == ["shop_0001_one", "shop_0002_squashed_0003_three", "cart_0001_cart"]
    shop.manage("migrate", "shop", "1", "--yes")
    assert await tables(engine) == {"shop_one"}


async def test_a_lost_plugin_keeps_its_place_above_a_squash(shop, engine):
    shop.manage("migrate")
    squash(shop)
    shop.plugins.remove("plugins.cart")

    shop.manage("migrate")

    done = shop.run("migrate", "shop", "zero", "--yes")
    assert "cart_0001_cart is applied, but its file is gone" in done.stdout
    assert shop.manage("migrate", "--prune", "cart") == "Forgot 1 migration of cart; its tables stay.\n"
    assert await rows(engine, "SELECT version_num FROM alembic_version") == [(WHOLE,)]


def test_a_part_is_not_named_any_more(shop):
    squash(shop)

    done = shop.run("migrate", "shop", "0002")

    assert done.returncode == 1
    assert f"shop_0002_two is a part of {WHOLE}, which replaces it; name that one" in done.stdout


@pytest.mark.parametrize(
    ("upgrade", "reason"),
    [
        ("with op.get_context().autocommit_block():\n    pass", "it works outside a transaction (autocommit_block)"),
        ("global x\nx = 1", "it uses `global`, so it must be copied by hand"),
    ],
)
def test_what_cannot_be_carried_over_is_named(shop, upgrade, reason):
    shop.migration("shop", "0004_four", upgrade)

    done = shop.run("squashmigrations", "shop", "0001", "0004")

    assert done.returncode == 1
    assert f"shop_0004_four cannot be squashed: {reason}" in done.stdout
    assert len(shop.files("shop")) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shopp", "1", "2"), "no enabled plugin is named shopp"),
        (("shop", "2", "1"), "expected two migrations, the second after the first; found shop_0002_two and"),
        (("shop", "1", "1"), "expected two migrations"),
        (("shop", "1", "9"), "plugin 'shop' has no migration '9'"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(shop, arguments, message):
    done = shop.run("squashmigrations", *arguments)

    assert done.returncode == 1
    assert message in done.stdout
    assert done.stdout.count("\n") == 1


def test_what_another_plugin_must_do_in_between_is_named(shop):
    shop.migration("shop", "0004_four", "pass", depends_on="cart_0001_cart")

    done = shop.run("squashmigrations", "shop", "1", "4")

    assert done.returncode == 1
    assert "cart_0001_cart must come after a part of" in done.stdout


def test_a_squash_is_squashed_only_when_its_parts_are_gone(shop):
    squash(shop)
    shop.migration("shop", "0004_four", "pass", down_revision=WHOLE)

    done = shop.run("squashmigrations", "shop", "1", "4")

    assert done.returncode == 1
    assert f"{WHOLE} cannot be squashed: it is a squash itself" in done.stdout


async def test_a_release_from_before_a_squash_is_refused_and_changes_nothing(shop, engine):
    squash(shop)
    shop.manage("migrate")
    before = await schema(engine)
    file = shop.migrations("shop") / "0001_squashed_0003_three.py"
    text = file.read_text()
    file.unlink()

    assert " [x] 0001_squashed_0003_three (file is gone)\n" in shop.manage("showmigrations", "shop")
    for arguments in (["migrate"], ["migrate", "shop", "0002"], ["migrate", "shop", "--fake"]):
        done = shop.run(*arguments)
        assert done.returncode == 1
        assert f"this database has {WHOLE} in the place of migrations of shop, and its file is gone" in done.stdout
    assert await schema(engine) == before
    assert await recorded(engine) == [WHOLE, "cart_0001_cart"]

    file.write_text(text)
    assert shop.manage("migrate") == "No migrations to apply.\n"


@pytest.mark.parametrize("name", ["1", "0001", "0001_s", WHOLE, "shop_0001_sq", "0001_squashed_0003_three"])
async def test_a_squash_is_found_by_what_people_call_it(shop, engine, name):
    squash(shop)

    shop.manage("migrate", "shop", name)

    assert await recorded(engine) == [WHOLE]


@pytest.mark.parametrize("name", ["2", "0002_t", "shop_0003", "0003_three"])
async def test_the_beginning_of_a_parts_name_leads_to_the_squash_too(shop, engine, name):
    squash(shop)

    done = shop.run("sqlmigrate", "shop", name)

    assert done.returncode == 1
    assert f"is a part of {WHOLE}, which replaces it; name that one" in done.stdout
