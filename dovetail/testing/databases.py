"""Make fresh databases for tests: one of each kind is filled a worker, and copied for each test."""

import asyncio
import os
import shutil
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from dovetail.migrations.run.runner import migrate
from dovetail.registry import load_registry
from dovetail.settings import Settings
from dovetail.testing import postgres


class TestDatabases:
    """Makes databases and removes them again; each pytest worker has one object."""

    __test__ = False  # the name is for readers, not for pytest

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._templates: dict[tuple[str, Hashable], str] = {}
        self._stack = ExitStack()

    def close(self) -> None:
        """Remove the templates."""
        self._stack.close()

    @contextmanager
    def empty(self, kind: str) -> Iterator[str]:
        """Give the URL of a database without tables; `kind` is "sqlite" or "postgresql"."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        if kind == "sqlite":
            with self._sqlite_file(name) as path:
                yield f"sqlite+aiosqlite:///{path}"
            return
        url = postgres.create_database(name)
        try:
            yield url
        finally:
            postgres.drop_database(name)

    @contextmanager
    def migrated(self, kind: str, settings_class: type[Settings]) -> Iterator[str]:
        """Give the URL of a copy of a database to which every migration was applied."""
        with self.copied(kind, settings_class, partial(migrate_site, settings_class)) as url:
            yield url

    @contextmanager
    def copied(self, kind: str, key: Hashable, fill: Callable[[str], None]) -> Iterator[str]:
        """Give the URL of a copy of a database that `fill` was given, by its URL, to fill it once for `key`."""
        template = self._template(kind, key, fill)
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        if kind == "sqlite":
            with self._sqlite_file(name) as path:
                shutil.copyfile(template.partition(":///")[2], path)
                yield f"sqlite+aiosqlite:///{path}"
            return
        url = postgres.create_database(name, template=template.partition("?")[0].rpartition("/")[2])
        try:
            yield url
        finally:
            postgres.drop_database(name)

    @contextmanager
    def _sqlite_file(self, name: str) -> Iterator[Path]:
        path = self._folder / f"{name}.sqlite3"
        path.touch()  # a server makes none
        try:
            yield path
        finally:
            for each in self._folder.glob(f"{path.name}*"):  # the log and the lock files beside it too
                each.unlink()

    def _template(self, kind: str, key: Hashable, fill: Callable[[str], None]) -> str:
        if (kind, key) not in self._templates:
            url = self._stack.enter_context(self.empty(kind))
            fill(url)
            self._templates[kind, key] = url
        return self._templates[kind, key]


def migrate_site(settings_class: type[Settings], url: str) -> None:
    """Apply every migration of the site that `settings_class` is of to the database at `url`."""
    secret = SecretStr("templates-need-a-secret-of-32-characters")
    settings = settings_class.model_validate({"environment": "test", "database_url": url, "secret_key": secret})
    asyncio.run(migrate(settings, load_registry(settings)))
