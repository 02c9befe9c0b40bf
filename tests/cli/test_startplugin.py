"""`manage.py startplugin`: what it writes runs, is tested, and can be migrated at once."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, environment, manage

VISIT = """
import pytest


@pytest.mark.parametrize("page", ["list", "list?search=x&sortBy=name", "create", "export/csv"])
async def test_its_pages_open(make_user, back_office_for, page):
    office = await back_office_for(await make_user(is_superuser=True))
    assert (await office.submit("/shop-item/create", {"name": "First"})).status_code == 303
    assert (await office.get(f"/shop-item/{page}")).status_code == 200
"""
LONGEST = "a_name_of_thirty_characters_ok"


def startplugin(site: Path, *arguments: str) -> None:
    result = manage("startplugin", *arguments, cwd=site, PYTHONPATH=site)
    assert result.code == 0, result


def enable(site: Path, package: str) -> None:
    settings = site / "config" / "settings.py"
    text = settings.read_text()
    settings.write_text(text.replace('        "plugins.blog",\n', f'        "plugins.blog",\n        "{package}",\n'))


def test_a_new_plugin_can_be_migrated_and_tested_at_once(site, database_url, database_kind):
    startplugin(site, "shop")
    enable(site, "plugins.shop")
    run = {"cwd": site, "PYTHONPATH": site, "DATABASE_URL": database_url}
    assert manage("makemigrations", "shop", **run).code == 0
    assert [path.name for path in (site / "plugins" / "shop" / "migrations").glob("0*.py")] == ["0001_initial.py"]
    assert "shop_0001_initial" in manage("migrate", **run).stdout
    checked = manage("check", **run)
    assert checked.stderr == "", checked
    assert checked.code == 0
    (site / "plugins" / "shop" / "tests" / "test_admin.py").write_text(VISIT)
    tested = manage("test", "plugins/shop", "-n", "0", "-q", "-k", database_kind, **run)
    assert tested.code == 0, tested
    assert "7 passed" in tested.stdout


def test_its_api_is_closed_to_writers_who_are_not_staff(site):
    startplugin(site, "shop")
    enable(site, "plugins.shop")
    table = manage("routes", cwd=site, PYTHONPATH=site).stdout
    rows = [line.split() for line in table.splitlines() if "/api/shop/" in line]
    assert len(rows) == 8
    assert {row[0]: row[4] for row in rows} == {
        "GET": "-",
        "POST": "staff_user",
        "PATCH": "staff_user",
        "DELETE": "staff_user",
    }


@pytest.mark.parametrize("name", ["shop", "x", LONGEST])
def test_what_it_writes_is_as_tidy_as_the_rest(site, name):
    startplugin(site, name)
    for command in (("check",), ("format", "--check")):
        done = subprocess.run(
            [Path(sys.executable).with_name("ruff"), *command, f"plugins/{name}"],
            cwd=site,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_what_it_writes_has_types_that_hold(site):
    startplugin(site, "shop")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "-p", "plugins.shop"],
        cwd=site,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_it_says_what_is_next(site):
    said = manage("startplugin", "shop", cwd=site, PYTHONPATH=site).stdout
    assert 'add "plugins.shop", to the plugins in config/settings.py' in said
    assert "manage.py makemigrations shop" in said


def test_it_writes_to_another_folder_of_the_site(site):
    startplugin(site, "shop", "--dir", ".")
    assert "from shop.models import ShopItem" in (site / "shop" / "api.py").read_text()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Shop", "expected up to 30 lower-case letters"),
        ("1shop", "expected up to 30 lower-case letters"),
        ("my-shop", "expected up to 30 lower-case letters"),
        ("../shop", "expected up to 30 lower-case letters"),
        ("", "expected up to 30 lower-case letters"),
        ("shöp", "expected up to 30 lower-case letters"),
        ("a" * 31, "expected up to 30 lower-case letters"),
        ("class", "it is a word of the language Python"),
        ("blog", "an enabled plugin has this name"),
        ("auth", "an enabled plugin has this name"),
    ],
)
def test_a_name_that_will_not_do_is_refused_in_one_line(name, problem):
    before = sorted((ROOT / "plugins").iterdir())
    assert problem in manage("startplugin", name).error
    assert sorted((ROOT / "plugins").iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("json", "--dir", "."), "'json' cannot name a plugin: there is a module json already"),
        (("sqlalchemy", "--dir", "."), "'sqlalchemy' cannot name a plugin: there is a module sqlalchemy already"),
        (("shop", "--dir", "nowhere"), "there is no folder 'nowhere' in "),
        (("shop", "--dir", "/"), "'/' is no package of this site, so nothing in it can be imported"),
        (("shop", "--dir", ".ci"), "'.ci' is no package of this site"),
    ],
)
def test_a_place_that_will_not_do_is_refused_in_one_line(arguments, problem):
    assert re.match(problem, manage("startplugin", *arguments).error)


def test_a_folder_that_is_there_is_left_alone(site):
    (site / "plugins" / "shop").mkdir()
    (site / "plugins" / "shop" / "notes.txt").write_text("mine")
    error = manage("startplugin", "shop", cwd=site, PYTHONPATH=site).error
    assert error.startswith("'shop' cannot name a plugin: ") or "exists already" in error
    assert [path.name for path in (site / "plugins" / "shop").iterdir()] == ["notes.txt"]


def test_nothing_half_is_left_when_it_cannot_write(site):
    template = site / "dovetail" / "cli" / "templates" / "plugin" / "schemas.py.tmpl"
    template.write_text(template.read_text() + "$unknown")
    assert manage("startplugin", "shop", cwd=site, PYTHONPATH=site).code == 1
    assert [path.name for path in (site / "plugins").iterdir() if "shop" in path.name or path.name[0] == "."] == []
