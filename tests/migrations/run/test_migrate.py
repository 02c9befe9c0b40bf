"""`manage.py migrate` brings a database where it should be, and nothing is lost on the way."""

from fnmatch import fnmatch

import pytest

from tests.migrations.schema import columns, execute, rows, schema, tables
from tests.migrations.sites import Site

TABLE = "op.create_table('{0}', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('name', sa.String(50)))"


def make(table: str) -> str:
    return TABLE.format(table)


@pytest.fixture
def shop(site: Site) -> Site:
    """A shop with three migrations, and a cart that depends on the second."""
    site.plugin("shop", "")
    site.plugin("cart", "", depends_on=("shop",))
    for number, name in enumerate(("one", "two", "three"), 1):
        site.migration("shop", f"000{number}_{name}", make(f"shop_{name}"), f"op.drop_table('shop_{name}')")
    site.migration("cart", "0001_cart", make("cart_line"), "op.drop_table('cart_line')", depends_on="shop_0002_two")
    return site


async def test_everything_is_applied_with_a_line_and_a_time_each(shop, engine):
    said = shop.manage("migrate")

    assert "  + shop_0001_one\n" in said
    assert "  Applying shop_0001_one ... OK (" in said
    assert await tables(engine) == {"shop_one", "shop_two", "shop_three", "cart_line"}
    assert shop.manage("migrate") == "No migrations to apply.\n"


async def test_a_plan_changes_nothing(shop, engine):
    said = shop.manage("migrate", "cart", "--plan")

    assert said == "  + shop_0001_one\n  + shop_0002_two\n  + cart_0001_cart\n"
    assert await tables(engine) == set()


@pytest.mark.parametrize("name", ["0002", "2", "0002_two", "shop_0002_two", "0002_t"])
async def test_a_revision_is_found_by_what_people_call_it(shop, engine, name):
    shop.manage("migrate", "shop", name)

    assert await tables(engine) == {"shop_one", "shop_two"}


async def test_one_plugin_goes_back_and_the_others_stay(shop, engine):
    shop.manage("migrate")

    said = shop.manage("migrate", "shop", "0002")

    assert "Undoing shop_0003_three" in said
    assert await tables(engine) == {"shop_one", "shop_two", "cart_line"}


async def test_going_back_lists_what_depends_on_it_and_asks(shop, engine):
    shop.manage("migrate")

    refused = shop.run("migrate", "shop", "0001", answers="n\n")
    assert refused.returncode == 130
    assert "  - cart_0001_cart\n" in refused.stdout
    assert "This also undoes migrations of cart" in refused.stdout
    assert await tables(engine) == {"shop_one", "shop_two", "shop_three", "cart_line"}

    shop.manage("migrate", "shop", "0001", answers="y\n")
    assert await tables(engine) == {"shop_one"}
    assert shop.manage("showmigrations", "cart") == "cart\n [ ] 0001_cart\n"


async def test_a_script_need_not_be_asked(shop, engine):
    shop.manage("migrate")

    shop.manage("migrate", "shop", "zero", "--yes")

    assert await tables(engine) == set()
    assert await rows(engine, "SELECT * FROM dovetail_migration") == []


async def test_faking_keeps_the_books_only(shop, engine):
    shop.manage("migrate", "--fake")
    assert await tables(engine) == set()
    assert "[ ]" not in shop.manage("showmigrations")

    shop.manage("migrate", "shop", "0002", "--fake")
    assert shop.manage("showmigrations", "shop") == "shop\n [x] 0001_one\n [x] 0002_two\n [ ] 0003_three\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shopp",), "no enabled plugin named 'shopp' has migrations; did you mean 'shop'?"),
        (("shop", "0009"), "plugin 'shop' has no migration '0009'; did you mean"),
        (("shop", "000"), "more than one migration of plugin 'shop' begins with '000'"),
        (("--prune", "blog"), "nothing to forget: no migration of a plugin named 'blog' is recorded"),
        (("--prune", "shop"), "nothing to forget: plugin 'shop' is enabled, and each migration that is recorded has"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(shop, arguments, message):
    done = shop.run("migrate", *arguments)

    assert done.returncode == 1
    assert message in done.stdout
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        ("soon", "'soon' is not a valid float range"),
        ("-1", "-1.0 is not in the range 0<=x<=86400"),
        ("inf", "inf is not in the range 0<=x<=86400"),
        ("nan", "'nan' is no number of seconds"),
    ],
)
def test_what_is_no_time_to_wait_is_refused(shop, seconds, message):
    done = shop.run("migrate", "--database-timeout", seconds)

    assert done.returncode == 2
    assert f"Invalid value for '--database-timeout': {message}" in done.stdout


async def test_a_failing_migration_leaves_the_state_before_it_and_names_itself(shop, engine):
    shop.migration("shop", "0004_four", make("shop_four") + "\nop.execute('INSERT INTO nowhere VALUES (1)')")

    done = shop.run("migrate")

    assert done.returncode == 1
    message = done.stdout.splitlines()[-1]
    assert message.startswith("manage.py: shop_0004_four (plugin shop) failed: ")
    assert "nowhere" in message
    assert "at: INSERT INTO nowhere VALUES (1). Nothing of it was kept" in message
    assert "Traceback" not in done.stdout
    assert "shop_four" not in await tables(engine)
    assert " [x] 0003_three\n [ ] 0004_four\n" in shop.manage("showmigrations", "shop")


async def test_a_migration_that_cannot_be_undone_leaves_the_state_before_it_and_names_itself(shop, engine):
    shop.migration("shop", "0004_four", make("shop_four"), "op.drop_table('shop_four')\nop.drop_table('nowhere')")
    shop.manage("migrate")

    done = shop.run("migrate", "shop", "0003")

    assert done.returncode == 1
    message = done.stdout.splitlines()[-1]
    assert message.startswith("manage.py: shop_0004_four (plugin shop) failed while it was undone: ")
    assert "at: DROP TABLE nowhere. Nothing of it was kept" in message
    assert "shop_four" in await tables(engine)
    assert " [x] 0004_four\n" in shop.manage("showmigrations", "shop")


async def test_a_migration_that_raises_is_named_too(shop, engine):
    shop.migration("shop", "0004_four", make("shop_four") + "\n1 / 0")

    done = shop.run("migrate")

    assert "shop_0004_four (plugin shop) failed: ZeroDivisionError: division by zero." in done.stdout
    assert "shop_four" not in await tables(engine)


def test_a_file_that_cannot_be_read_is_named(shop):
    shop.migration("shop", "0004_four", "pass").write_text("import nothing_of_that_name\n")

    done = shop.run("migrate")

    assert done.returncode == 1
    assert "a migration file raised on import: ModuleNotFoundError" in done.stdout
    assert "0004_four.py:1" in done.stdout


async def test_a_removed_plugin_keeps_nothing_else_from_working(shop, engine):
    shop.manage("migrate")
    shop.plugins.remove("plugins.cart")
    shop.migration("shop", "0004_four", make("shop_four"), "op.drop_table('shop_four')")

    assert "cart (not installed)\n [x] 0001_cart\n" in shop.manage("showmigrations")
    shop.manage("migrate")
    shop.manage("migrate", "shop", "0002")
    assert await tables(engine) == {"shop_one", "shop_two", "cart_line"}

    done = shop.run("migrate", "shop", "0001", "--yes")
    assert done.returncode == 1
    assert "cart_0001_cart is applied, but its file is gone" in done.stdout

    assert shop.manage("migrate", "--prune", "cart") == "Forgot 1 migration of cart; its tables stay.\n"
    assert "cart" not in shop.manage("showmigrations")
    shop.manage("migrate", "shop", "zero")
    assert await tables(engine) == {"cart_line"}


async def test_a_plugin_that_comes_back_goes_on_where_it_was(shop, engine):
    shop.manage("migrate")
    shop.plugins.remove("plugins.cart")
    shop.manage("migrate")
    shop.plugins.append("plugins.cart")

    assert shop.manage("migrate") == "No migrations to apply.\n"


async def test_a_deleted_file_is_shown_and_does_no_harm(shop, engine):
    shop.manage("migrate")
    (shop.migrations("shop") / "0003_three.py").unlink()

    assert " [x] 0003_three (file is gone)\n" in shop.manage("showmigrations", "shop")
    assert shop.manage("migrate") == "No migrations to apply.\n"


async def test_a_deleted_file_can_be_forgotten_and_what_it_made_stays(shop, engine):
    shop.manage("migrate")
    (shop.migrations("shop") / "0003_three.py").unlink()

    assert shop.manage("migrate", "--prune", "shop") == "Forgot 1 migration of shop; its tables stay.\n"

    assert "0003" not in shop.manage("showmigrations", "shop")
    assert "shop_three" in await tables(engine)
    shop.manage("migrate", "shop", "zero", "--yes")
    assert await tables(engine) == {"shop_three"}


async def test_a_deleted_file_that_another_stands_on_is_not_forgotten(shop, engine):
    shop.manage("migrate")
    (shop.migrations("shop") / "0002_two.py").unlink()

    done = shop.run("migrate", "--prune", "shop")

    assert done.returncode == 1
    assert "stands on shop_0002_two, so it cannot be forgotten; bring the file back" in done.stdout
    assert "0002_two (file is gone)" in shop.manage("showmigrations", "shop")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("this is no Python", "SyntaxError: invalid syntax (*/0004_four.py:1)"),
        ("revision = 'shop_0004_four'", "*/0004_four.py lacks `down_revision = ...`, which every migration needs"),
        ("revision = 'x'\ndown_revision = 'nowhere'", "do not fit together: Revision nowhere referenced from"),
        ("revision = 'x'\ndown_revision = 'x'", "do not fit together: Self-loop is detected in revisions (x)"),
        (
            "revision = 'x'\ndown_revision = 'shop_0003_three'\ndepends_on = 'blog_0009'",
            "x depends on blog_0009, which no enabled plugin has; enable it, or correct `depends_on` in *_four.py",
        ),
        ("revision = 'x'\ndown_revision = 'shop_0003_three'", "x (plugin shop) failed: AttributeError: module"),
        (b"\xff\xfe", "0004_four.py"),
    ],
)
def test_a_file_that_is_no_migration_is_named_in_one_line(shop, source, message):
    path = shop.migrations("shop") / "0004_four.py"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())

    done = shop.run("migrate")

    assert done.returncode == 1
    assert fnmatch(done.stdout.splitlines()[-1], f"*{message.replace('[', '[[]')}*")
    assert "Traceback" not in done.stdout + shop.run("showmigrations").stdout


async def test_a_database_of_another_project_is_left_alone(shop, engine):
    await execute(
        engine,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
        "INSERT INTO alembic_version VALUES ('3512b954651e')",
    )

    done = shop.run("migrate")

    assert done.returncode == 1
    assert "alembic_version names 3512b954651e, which Dovetail did not apply" in done.stdout
    assert await tables(engine) == set()


async def test_the_plan_is_listed_in_the_order_in_which_it_applies(shop):
    shop.manage("migrate", "shop", "0001")

    assert shop.manage("showmigrations", "--plan") == (
        "[x] shop_0001_one\n[ ] shop_0002_two\n[ ] shop_0003_three\n[ ] cart_0001_cart\n"
    )


async def test_long_names_fit(shop, engine):
    stem = "0004_" + "a_long_name_" * 5 + "end"
    shop.migration("shop", stem, make("shop_four"))

    shop.manage("migrate", "shop")

    assert (f"shop_{stem}",) in await rows(engine, "SELECT version_num FROM alembic_version")


async def test_up_down_up_ends_where_up_does(shop, engine):
    shop.manage("migrate")
    before = await schema(engine)

    shop.manage("migrate", "shop", "zero", "--yes")
    shop.manage("migrate")

    assert await schema(engine) == before


async def test_an_index_without_a_lock_can_be_made(shop, engine):
    shop.migration(
        "shop",
        "0004_index",
        """
        with op.get_context().autocommit_block():
            op.create_index("ix_shop_one_name", "shop_one", ["name"], postgresql_concurrently=True, if_not_exists=True)
        """,
    )

    shop.manage("migrate")

    assert "ix_shop_one_name" in (await schema(engine))["shop_one"]["indexes"]


async def test_a_data_migration_is_an_ordinary_revision(shop, engine):
    shop.manage("migrate", "shop", "0001")
    await execute(engine, "INSERT INTO shop_one (id, name) VALUES (1, 'apple'), (2, 'pear')")
    shop.migration("shop", "0004_upper", 'op.execute("UPDATE shop_one SET name = upper(name)")')

    shop.manage("migrate")

    assert await rows(engine, "SELECT name FROM shop_one ORDER BY id") == [("APPLE",), ("PEAR",)]


async def test_new_columns_come_without_a_second_look(shop, engine):
    shop.migration(
        "shop",
        "0004_price",
        "op.add_column('shop_one', sa.Column('price', sa.Integer()))",
        "op.drop_column('shop_one', 'price')",
    )

    shop.manage("migrate")
    assert await columns(engine, "shop_one") == ["id", "name", "price"]
    shop.manage("migrate", "shop", "3")
    assert await columns(engine, "shop_one") == ["id", "name"]


async def test_control_c_in_the_middle_of_a_migration_leaves_the_state_before_it(shop, engine):
    shop.migration(
        "shop",
        "0004_four",
        f"""
        import signal
        {make("shop_four")}
        os.kill(os.getpid(), signal.SIGINT)
        op.execute("SELECT 1")
        """,
    )

    done = shop.run("migrate")

    assert done.returncode == 130
    assert done.stdout.endswith("  Applying shop_0004_four ... \nStopped.\n")
    assert "shop_four" not in await tables(engine)
    assert " [x] 0003_three\n [ ] 0004_four\n" in shop.manage("showmigrations", "shop")
