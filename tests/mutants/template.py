"""Migrate one database, and let the tests of every mutant copy it."""

import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from tests.mutants.processes import OPTIONS, PASSED, leave, run_forked


def prepare_template(file: str, scratch: Path) -> None:
    """Migrate the database in a process of its own, which collects a file of tests."""
    run_forked(scratch / "template", lambda: pytest.main([*OPTIONS, file], plugins=[_Maker(scratch)]))


class _Maker:
    """A plugin for pytest: it migrates a database, and runs no test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Make the template and leave."""
        make_template(session, self._folder)
        leave(PASSED)


def make_template(session: pytest.Session, folder: Path) -> None:
    """Migrate a database, and let every test of every mutant copy it."""
    from dovetail.testing.databases import TestDatabases
    from dovetail.testing.plugin import named_settings

    databases = TestDatabases(folder)
    with databases.migrated("sqlite", named_settings(session.config)) as url:
        shutil.copyfile(url.partition(":///")[2], _url(folder).partition(":///")[2])
    databases.close()
    use_template(session, folder)


def use_template(session: pytest.Session, folder: Path) -> None:
    """Let the fixtures copy the database that was migrated in a folder, instead of making one of their own."""
    from dovetail.testing.databases import TestDatabases
    from dovetail.testing.plugin import named_settings

    known, make, url = ("sqlite", named_settings(session.config)), TestDatabases._template, _url(folder)
    TestDatabases._template = lambda databases, *key: url if key == known else make(databases, *key)


def _url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'template.sqlite3'}"
