"""The fixture `prove_history` finds what is wrong with a plugin's history; authors get it with the kernel."""

import os

import pytest

from tests.forked import start
from tests.migrations.make.test_makemigrations import ITEM
from tests.migrations.sites import Site

TEST = """
async def test_history(prove_history):
    await prove_history("shop")
"""


@pytest.fixture
def shop(site: Site) -> Site:
    site.plugin("shop", ITEM)
    site.manage("makemigrations")
    # The settings of tests are not read from the environment, where `site` names its plugins.
    with (site.folder / "config" / "settings.py").open("a") as settings:
        settings.write('    plugins: tuple[str, ...] = ("plugins.shop",)\n')
    (site.folder / "test_shop.py").write_text(TEST)
    return site


def prove(site: Site, database_kind: str) -> tuple[int, str]:
    """Run the author's test as the author would."""
    command = [
        "pytest",
        "-q",
        "-p",
        "no:schemathesis",
        "-p",
        "dovetail.testing.plugin",
        "-p",
        "no:cacheprovider",
        "-o",
        "anyio_mode=auto",
    ]
    command += ["-o", "dovetail_settings=config.settings:Settings", "-k", database_kind, "test_shop.py"]
    environment = site.environment(TEST_DATABASE_URL=os.environ["TEST_DATABASE_URL"])
    done = start(command, site.folder, environment).finish()
    return done.returncode, done.stdout


def test_a_good_history_passes(shop, database_kind):
    code, said = prove(shop, database_kind)

    assert (code, "1 passed" in said) == (0, True), said


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "message"),
    [
        ("op.execute('DELETE FROM shop_item')", "pass", "shop_0002_bad loses rows of shop_item"),
        (
            "op.create_table('shop_left', sa.Column('id', sa.Integer()), if_not_exists=True)",
            "pass",
            "the migrations of shop do not undo all they did: shop_left stays",
        ),
        (
            "op.add_column('shop_item', sa.Column('x', sa.Integer()))",
            "op.drop_column('shop_item', 'x')",
            "the models of shop have changes that no migration makes: 0003_remove_item_x",
        ),
        ("op.add_column('shop_item', sa.Column('x', sa.Integer()))", "pass", "shop_0002_bad (plugin shop) failed"),
    ],
)
def test_a_bad_history_is_found_out(shop, database_kind, upgrade, downgrade, message):
    shop.migration("shop", "0002_bad", upgrade, downgrade)

    code, said = prove(shop, database_kind)

    assert code == 1
    assert message in said
