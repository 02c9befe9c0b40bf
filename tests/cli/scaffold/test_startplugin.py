"""`manage.py startplugin`: what it writes runs, is tested, and can be migrated at once."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dovetail import __version__
from dovetail.__main__ import main
from tests.running import ROOT, environment, manage, python

VISIT = """
import pytest


@pytest.mark.parametrize("page", ["", "?search=x&sortBy=name", "add/", "export/csv/"])
async def test_its_pages_open(make_user, back_office_for, page):
    office = await back_office_for(await make_user(is_superuser=True))
    assert (await office.submit("/shop/shopitem/add/", {"name": "First"})).status_code == 303
    assert (await office.get(f"/shop/shopitem/{page}")).status_code == 200
"""
LONGEST = "a_name_of_thirty_characters_ok"


def startplugin(site: Path, *arguments: str) -> None:
    result = manage("startplugin", *arguments, cwd=site, PYTHONPATH=site)
    assert result.code == 0, result


def enable(site: Path, package: str) -> None:
    settings = site / "config" / "settings.py"
    text = settings.read_text()
    settings.write_text(text.replace('        "plugins.blog",\n', f'        "plugins.blog",\n        "{package}",\n'))


def assert_tidy(folder: Path, *paths: str) -> None:
    for command in (("check",), ("format", "--check")):
        done = subprocess.run(
            [Path(sys.executable).with_name("ruff"), *command, *paths],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


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
    assert_tidy(site, f"plugins/{name}")


def test_what_it_writes_has_types_that_hold(site):
    startplugin(site, "shop")
    if (known := ROOT / ".mypy_cache").is_dir():  # `make check` leaves it; without, mypy reads all libraries anew
        shutil.copytree(known, site / known.name)
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
        ("base", "it is reserved"),
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
    template = site / "dovetail" / "cli" / "scaffold" / "templates" / "plugin" / "models.py.tmpl"
    template.write_text(template.read_text() + "$unknown")
    assert python(str(site / "manage.py"), "startplugin", "shop", cwd=site, PYTHONPATH=site).code == 1
    assert [path.name for path in (site / "plugins").iterdir() if "shop" in path.name or path.name[0] == "."] == []


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The plugin as a distribution of its own."""
    assert main(["startplugin", "shop", "--package", "--dir", str(tmp_path)]) == 0
    return tmp_path / "shop"


def test_a_package_is_the_plugin_of_a_site_with_its_history_and_a_project_around_it(site, shop):
    startplugin(site, "shop", "--dir", ".")
    in_site = {path.relative_to(site / "shop"): path.read_text() for path in (site / "shop").rglob("*.*")}
    tests = {path: text for path, text in in_site.items() if path.parts[0] == "tests"}
    plugin = {path: text for path, text in in_site.items() if path not in tests}

    assert {path: (shop / "shop" / path).read_text() for path in plugin} == plugin
    assert {path: (shop / path).read_text() for path in tests} == tests
    assert [path.name for path in (shop / "shop" / "migrations").glob("0*.py")] == ["0001_initial.py"]
    own = sorted(path.name for path in shop.iterdir())
    assert own == [".gitignore", "README.md", "manage.py", "pyproject.toml", "shop", "tests"]
    assert (shop / ".gitignore").read_text() == (ROOT / ".gitignore").read_text()


def test_a_package_depends_on_this_release_and_those_that_are_compatible(shop):
    project = tomllib.loads((shop / "pyproject.toml").read_text())["project"]
    assert project["name"] == "dovetail-shop"
    assert project["dependencies"] == [f"dovetail~={__version__}"]


def test_manage_py_writes_the_same_package(site, shop):
    written = manage("startplugin", "shop", "--package", "--dir", str(site), cwd=site, PYTHONPATH=site)
    assert written.code == 0, written
    files = {path.relative_to(shop): path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    assert {path: (site / "shop" / path).read_bytes() for path in files} == files


@pytest.mark.parametrize("name", ["shop", "a_name_of_thirty_characters_ok"])  # one comes after dovetail, one before
def test_a_package_is_tidy(tmp_path, name):
    assert main(["startplugin", name, "--package", "--dir", str(tmp_path)]) == 0
    assert_tidy(tmp_path / name)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("Shop", "--package"), "'Shop' cannot name a plugin: expected up to 30 lower-case letters"),
        (("json", "--package"), "'json' cannot name a plugin: there is a module json already"),
        (("tests", "--package"), "'tests' cannot name a plugin: its distribution has tests beside the package"),
        (("shop", "--package", "--dir", "there"), "there/shop exists already; choose another name, or another folder"),
        (("shop",), "there is no site here; add --package, or use the manage.py of a site"),
    ],
)
def test_a_package_that_will_not_do_is_refused_in_one_line(tmp_path, monkeypatch, capsys, arguments, problem):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there" / "shop").mkdir(parents=True)

    assert main(["startplugin", *arguments]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("dovetail: ")
    assert problem in line
    assert list((tmp_path / "there" / "shop").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_package_cannot_have_the_name_of_a_plugin_of_the_site():
    assert "an enabled plugin has this name" in manage("startplugin", "blog", "--package", "--dir", "/nowhere").error
