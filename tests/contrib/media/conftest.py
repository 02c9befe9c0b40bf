"""The site with files, and with a plugin whose models hold some."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice
from dovetail.files.media import MEDIA, Media
from dovetail.migrations.run.runner import MigrationRun, migrate
from dovetail.registry import load_registry
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases
from dovetail.testing.fixtures import TEST_SECRET_KEY, running
from tests.contrib.media.gallery.models import GalleryBase
from tests.tables import make_tables

BOUNDARY = "a-boundary-between-the-parts"
PLUGINS = ("dovetail.contrib.media", "tests.contrib.media.gallery")
Files = Mapping[str, tuple[str, bytes, str]]
Send = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def database_url(database_kind: str, settings_class: type[Settings], _databases: TestDatabases) -> Iterator[str]:
    """That of the site, with the tables of the plugins."""
    plugins = (*settings_class.model_fields["plugins"].default, PLUGINS[0])

    def extend(url: str) -> None:
        given = {"environment": "test", "database_url": url, "secret_key": TEST_SECRET_KEY, "plugins": plugins}
        settings = settings_class.model_validate(given)
        asyncio.run(migrate(MigrationRun(settings, load_registry(settings))))
        make_tables(url, GalleryBase)

    with _databases.extended(database_kind, settings_class, PLUGINS, extend) as url:
        yield url


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the files."""
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    return tmp_path / "media"


@pytest.fixture
def settings(make_settings, settings_class, database_url, root) -> Settings:
    plugins = (*settings_class.model_fields["plugins"].default, *PLUGINS)
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        yield app


@pytest.fixture
def media(app: FastAPI) -> Media:
    return MEDIA.get(app)


@pytest.fixture
async def office(make_user, back_office_for) -> BackOffice:
    return await back_office_for(await make_user(username="boss", is_superuser=True))


@pytest.fixture
def send(office: BackOffice) -> Send:
    """Send a form with files to a page of the back office, as browsers send it."""

    async def post(path: str, files: Files = {}, **data: str) -> httpx.Response:  # noqa: B006 - nobody changes it
        names = ("image", "cover", "scan") if "/picture/" in path else ("image",) if "/portrait/" in path else ()
        nothing = dict.fromkeys(names, ("", b"", "application/octet-stream"))
        fields = {"csrf_token": await office.token(), "save": "list", **data}
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        body = multipart(fields, {**nothing, **files})
        return await office.client.post(f"/admin{path}", content=body, headers=headers)

    return post


def multipart(fields: Mapping[str, str], files: Files) -> bytes:
    """Return a form; a file that nobody chose has an empty name, which httpx would leave out."""
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    for name, (called, content, kind) in files.items():
        head = f'name="{name}"; filename="{called}"\r\nContent-Type: {kind}\r\n\r\n'
        parts.append(head.encode() + content)
    before = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    return b"".join(before + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
