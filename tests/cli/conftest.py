"""A copy of the site, for tests that write into it."""

import shutil
from pathlib import Path

import pytest

from tests.running import ROOT

PARTS = ("manage.py", "config", "project", "dovetail", "plugins", "migrations", "pyproject.toml")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The site in a folder of its own, without a database."""
    target = tmp_path / "site"
    target.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name)  # with what Python has compiled: no test is about compiling
        else:
            shutil.copy(ROOT / name, target / name)
    return target
