"""`startproject`: it writes this repository's own files where they mean the same, and refuses what would not do."""

import ast
import os
import re
import tomllib
from pathlib import Path
from pkgutil import resolve_name

import pytest

from dovetail.__main__ import main
from tests.cli.scaffold.test_startplugin import assert_tidy
from tests.docs.public_api import PUBLIC
from tests.running import ROOT, manage, python

SAME = (
    ".gitignore",
    "alembic.ini",
    "manage.py",
    "config/asgi.py",
    "migrations/__init__.py",
    "migrations/env.py",
    "migrations/script.py.mako",
    "project/application.py",
    "project/static/README.md",
    "project/templates/README.md",
    "project/urls.py",
)


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("started") / "bakery"
    assert main(["startproject", "bakery", str(target)]) == 0
    return target


WRITTEN = (  # imports of files that startproject, startplugin and makemigrations wrote in earlier releases
    "dovetail.application:make_application",
    "dovetail.cli.main:main",
    "dovetail.database.column_types:utcnow",
    "dovetail.migrations.raw.environment:run",
    "dovetail.migrations.raw.environment:use_plugin_folders",
    "dovetail.server.collector:spare_process",
    "dovetail.settings:load_settings",
)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_site_that_an_earlier_release_has_made_starts_after_an_upgrade(name):
    assert callable(resolve_name(name))


@pytest.mark.parametrize("name", SAME)
def test_a_file_that_means_the_same_is_this_repositorys_own(bakery, name):
    assert (bakery / name).read_bytes() == (ROOT / name).read_bytes()


def test_its_manage_py_can_be_executed(bakery):
    assert os.access(bakery / "manage.py", os.X_OK)


def test_it_is_tidy(bakery):
    assert_tidy(bakery)


def test_its_settings_differ_in_the_name_of_the_site_and_in_the_plugins_only(bakery):
    def statements(path: Path) -> list[str]:
        module = ast.parse(path.read_text())
        (settings,) = (node for node in module.body if isinstance(node, ast.ClassDef))
        own = [ast.unparse(node) for node in settings.body[1:]]
        settings.body = settings.body[1:2]
        kept = [line for line in own if not line.startswith(("site_name:", "plugins:"))]
        return [ast.unparse(module), *kept]

    assert statements(bakery / "config/settings.py") == statements(ROOT / "config/settings.py")


def test_its_make_serves_and_tests_as_here(bakery):
    def recipe(path: Path, target: str) -> list[str]:
        (found,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", path.read_text(), re.MULTILINE)
        return [line.strip() for line in found.splitlines()]

    for target in ("help", "run", "test"):
        assert recipe(bakery / "Makefile", target) == recipe(ROOT / "Makefile", target)


def test_pytest_runs_its_tests_as_here(bakery):
    def options(folder: Path) -> dict[str, object]:
        found = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
        found["addopts"] = set(found["addopts"].split(" -")) - {"-p no:schemathesis", "p dovetail.testing.plugin"}
        return found

    here, there = options(ROOT), options(bakery)
    here["addopts"] = {"-n auto" if one == "n auto" else one for one in here["addopts"]}
    assert there == here


def test_the_history_of_its_plugin_is_what_makemigrations_writes(bakery):
    (path,) = (bakery / "plugins/notes/migrations").glob("0*.py")
    written = path.read_text()
    path.unlink()
    made = manage("makemigrations", "notes", cwd=bakery)
    assert made.code == 0, made
    assert path.read_text() == written


def test_it_imports_what_is_public_and_a_frame_that_is_kept(bakery):
    """So that a later release of the framework runs it as it is."""
    frame = {
        "manage.py": {"dovetail.server.collector", "dovetail.cli.main"},
        "migrations/__init__.py": {"dovetail.migrations.raw.environment"},
        "migrations/env.py": {"dovetail.migrations.raw.environment"},
        "plugins/notes/migrations/0001_initial.py": {"dovetail.database.column_types"},  # as makemigrations writes it
        "plugins/notes/tests/test_api.py": {"dovetail.contrib.auth.testing"},
    }
    for path in bakery.rglob("*.py"):
        found = set(re.findall(r"(?m)^ *from (dovetail[\w.]*) import", path.read_text()))
        assert found - PUBLIC.keys() == frame.get(str(path.relative_to(bakery)), set()), path


def test_manage_py_of_a_site_starts_another(tmp_path):
    result = manage("startproject", "bakery", str(tmp_path / "other"))
    assert result.code == 0, result
    assert (tmp_path / "other" / "manage.py").is_file()


def test_make_takes_dovetail_from_where_the_site_was_started(bakery):
    assert f"\nDOVETAIL ?= dovetail @ {ROOT.as_uri()}\n" in (bakery / "Makefile").read_text()


def test_a_folder_that_is_named_may_hold_a_repository_and_an_environment(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".venv").mkdir()
    assert main(["startproject", "bakery", str(tmp_path)]) == 0
    assert (tmp_path / "config" / "settings.py").is_file()


@pytest.mark.parametrize("arguments", [("bakery",), ("bakery", "bakery"), ("bakery", "bakery/notes.txt")])
def test_what_is_there_is_left_alone(tmp_path, monkeypatch, capsys, arguments):
    (tmp_path / "bakery").mkdir()
    (tmp_path / "bakery" / "notes.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)

    assert main(["startproject", *arguments]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("dovetail: ")
    assert line.endswith(" exists already; choose another folder")
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["bakery", "bakery/notes.txt"]


def test_a_new_folder_without_dir_is_never_one_that_is_there(tmp_path, monkeypatch):
    (tmp_path / "bakery").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["startproject", "bakery"]) == 1
    assert list((tmp_path / "bakery").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Bakery", "expected up to 30 lower-case letters"),
        ("../bakery", "expected up to 30 lower-case letters"),
        ("", "expected up to 30 lower-case letters"),
        ("a" * 31, "expected up to 30 lower-case letters"),
        ("class", "it is a word of the language Python"),
        ("json", "there is a module json already"),
        ("dovetail", "it is reserved"),
        ("fastapi", "there is a module fastapi already"),
    ],
)
def test_a_name_that_will_not_do_is_refused_in_one_line(tmp_path, monkeypatch, capsys, name, problem):
    monkeypatch.chdir(tmp_path)

    assert main(["startproject", name]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert f"cannot name a site: {problem}" in line
    assert list(tmp_path.iterdir()) == []


def test_nothing_half_is_left_when_it_cannot_write(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()

    assert main(["startproject", "bakery", "file/bakery"]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"dovetail: {tmp_path / 'file'}: File exists"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_python_m_dovetail_is_the_same_command():
    assert python("-m", "dovetail", "--version").stdout.startswith("dovetail, version ")
    said = python("-m", "dovetail").stdout
    assert "startproject" in said
    assert "startplugin" in said


def test_a_word_that_is_no_command_is_refused_with_the_nearest(capsys):
    assert main(["startprojet"]) == 2
    assert "Did you mean 'startproject'?" in capsys.readouterr().err


def test_help_of_the_command_imports_neither_the_web_nor_the_database():
    done = python(
        "-c", "import sys, dovetail.__main__; print({'fastapi', 'sqlalchemy', 'alembic'} & sys.modules.keys())"
    )
    assert done.stdout == "set()\n"
