"""Make fresh databases for tests: one of each kind is filled a worker, and copied for each test."""

import asyncio
import os
import shutil
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from secrets import token_hex

from pydantic import SecretStr

from dovetail.migrations.run.runner import MigrationRun, migrate
from dovetail.registry import load_registry
from dovetail.settings import Settings
from dovetail.testing import postgres


class TestDatabases:
    """Makes databases and removes them again; each pytest worker has one object, and a test may have another."""

    __test__ = False  # the name is for readers, not for pytest

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = (f"test_{os.getpid()}_{token_hex(4)}_{number}" for number in count())
        self._templates: dict[tuple[str, Hashable], str] = {}
        self._stack = ExitStack()
        self._maker = self._stack.enter_context(postgres.DatabaseMaker())

    def close(self) -> None:
        """Remove the templates."""
        self._stack.close()

    @contextmanager
    def empty(self, kind: str) -> Iterator[str]:
        """Give the URL of a database without tables; `kind` is "sqlite" or "postgresql"."""
        with self._made(kind) as url:
            yield url

    @contextmanager
    def migrated(self, kind: str, settings_class: type[Settings]) -> Iterator[str]:
        """Give the URL of a copy of a database to which every migration was applied."""
        with self.copied(kind, settings_class, partial(migrate_site, settings_class)) as url:
            yield url

    @contextmanager
    def extended(
        self, kind: str, settings_class: type[Settings], key: Hashable, extend: Callable[[str], None]
    ) -> Iterator[str]:
        """Give the URL of a copy of a migrated database that `extend` was given, to add to it once for `key`."""
        start = partial(self.migrated, kind, settings_class)
        with self._made(kind, self._template(kind, (settings_class, key), extend, start)) as url:
            yield url

    @contextmanager
    def copied(self, kind: str, key: Hashable, fill: Callable[[str], None]) -> Iterator[str]:
        """Give the URL of a copy of a database that `fill` was given, by its URL, to fill it once for `key`."""
        with self._made(kind, self._template(kind, key, fill, partial(self.empty, kind))) as url:
            yield url

    def _template(
        self, kind: str, key: Hashable, fill: Callable[[str], None], start: Callable[[], AbstractContextManager[str]]
    ) -> str:
        if (kind, key) not in self._templates:
            url = self._stack.enter_context(start())
            fill(url)
            self._templates[kind, key] = url
        return self._templates[kind, key]

    @contextmanager
    def _made(self, kind: str, template: str | None = None) -> Iterator[str]:
        name = next(self._names)
        if kind == "sqlite":
            with self._sqlite_file(name, template and template.partition(":///")[2]) as path:
                yield f"sqlite+aiosqlite:///{path}"
            return
        url = self._maker.create(name, template and template.partition("?")[0].rpartition("/")[2])
        try:
            yield url
        finally:
            self._maker.drop(name)

    @contextmanager
    def _sqlite_file(self, name: str, template: str | None) -> Iterator[Path]:
        path = self._folder / f"{name}.sqlite3"
        if template:
            shutil.copyfile(template, path)
        else:
            path.touch()  # a server makes none
        try:
            yield path
        finally:
            for each in self._folder.glob(f"{path.name}*"):  # the log and the lock files beside it too
                each.unlink()


def migrate_site(settings_class: type[Settings], url: str) -> None:
    """Apply every migration of the site that `settings_class` is of to the database at `url`."""
    secret = SecretStr("templates-need-a-secret-of-32-characters")
    settings = settings_class.model_validate({"environment": "test", "database_url": url, "secret_key": secret})
    asyncio.run(migrate(MigrationRun(settings, load_registry(settings))))
