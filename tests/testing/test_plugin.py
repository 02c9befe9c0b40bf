"""The pytest plugin loads fixtures for a site's tests, and keeps out of every other run."""

from pathlib import Path

import pytest

from tests.forked import Done, start
from tests.running import environment

SETTINGS = """
from dovetail.settings import Settings as DovetailSettings


class Settings(DovetailSettings):
    plugins: tuple[str, ...] = ("shop", "not_there")
"""
FIXTURE = """
import pytest


@pytest.fixture
def shelf():
    return ["saw"]
"""


def run_pytest(folder: Path, test: str, *arguments: str) -> Done:
    """Run one test in `folder`, where no database server is named."""
    (folder / "test_it.py").write_text(test)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    command = ["pytest", "-q", "-p", "no:schemathesis", "-p", "no:cacheprovider", "-p", "dovetail.testing.plugin"]
    variables = {name: value for name, value in environment().items() if name != "TEST_DATABASE_URL"}
    return start([*command, *arguments], folder, variables).finish(60)


def test_a_run_about_something_else_loads_and_starts_nothing(tmp_path):
    test = (
        "import os, sys\n\n\ndef test_it():\n"
        "    assert {'dovetail.testing.fixtures', 'dovetail.contrib.auth.testing'} & sys.modules.keys() == set()\n"
        "    assert 'TEST_DATABASE_URL' not in os.environ\n"
    )

    done = run_pytest(tmp_path, test)

    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done


def test_a_plugin_of_the_site_brings_fixtures_in_its_module_testing(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "testing.py").write_text(FIXTURE)
    (tmp_path / "site_settings.py").write_text(SETTINGS)

    done = run_pytest(
        tmp_path,
        "def test_it(shelf):\n    assert shelf == ['saw']\n",
        "-o",
        "dovetail_settings=site_settings:Settings",
        "--collect-only",  # starts no server
        "--fixtures-per-test",
    )

    assert "shelf -- shop/testing.py" in done.stdout, done


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere:Settings", "No module named 'nowhere'"),
        ("pathlib:Settings", "has no attribute 'Settings'"),
        ("pathlib:Path", "expected a subclass of dovetail.settings.Settings"),
    ],
)
def test_settings_that_are_none_are_refused_in_one_line(tmp_path, name, problem):
    done = run_pytest(tmp_path, "def test_it(): pass\n", "-o", f"dovetail_settings={name}")

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: dovetail_settings is '{name}', " in done.stdout
    assert problem in done.stdout
    assert "Traceback" not in done.stdout
