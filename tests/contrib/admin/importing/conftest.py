"""The site with three plugins whose views take imports, and with the history of changes."""

from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice, read_form
from dovetail.contrib.history.models import RecordedChange
from dovetail.settings import Settings
from dovetail.testing.fixtures import running
from tests.contrib.admin.cabinet.models import CabinetBase
from tests.contrib.admin.conftest import More
from tests.contrib.admin.depot.models import DepotBase
from tests.contrib.admin.shelf.models import ShelfBase

HISTORY = "dovetail.contrib.history"


@pytest.fixture
def more() -> More:
    bases = {"shelf": ShelfBase, "depot": DepotBase, "cabinet": CabinetBase}
    return {f"tests.contrib.admin.{name}": base for name, base in bases.items()}


@pytest.fixture
def settings(make_settings, settings_class, database_url, more) -> Settings:
    plugins = dict.fromkeys((*settings_class.model_fields["plugins"].default, HISTORY, *more))
    return make_settings(database_url=database_url, plugins=tuple(plugins))


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        async with app.state.database.engine.begin() as connection:
            await connection.run_sync(RecordedChange.metadata.tables["history_change"].create, checkfirst=True)
        yield app


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setenv("ADMIN_IMPORT_ROWS", "200")


class Importer:
    """Somebody who imports files into one view, as a browser does without scripts."""

    def __init__(self, office: BackOffice, path: str) -> None:
        self.office, self.path = office, path

    async def upload(self, name: str, content: str | bytes) -> str:
        """Upload a file, and return the address of the page that says what its columns are."""
        answer = await self.send(name, content)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"]).removeprefix("/admin")

    async def send(self, name: str, content: str | bytes):
        token = await self.office.token()
        address = f"{self.office.root}{self.path}import/"
        return await self.office.client.post(address, data={"csrf_token": token}, files={"file": (name, content)})

    async def step(self, address: str, step: str, **chosen: str):
        """Send the page with what is chosen on it, and with what is not as the page has it."""
        page = await self.office.get(address)
        values = {name: value for name, value in read_form(page.text).items() if not name.startswith("step")}
        return await self.office.post(address, {**values, "step": step, **chosen})


@pytest.fixture
def importing(office) -> Callable[[str], Importer]:
    """Import into a view: `importing("/depot/parcels/")`."""

    def make(path: str, by: BackOffice = office) -> Importer:
        return Importer(by, path)

    return make
