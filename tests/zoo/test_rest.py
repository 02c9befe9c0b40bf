"""Every animal goes through all that a resource offers, on both databases and both roads."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.registry import load_registry
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client, running
from tests.contract.usual import without_fast_path
from tests.zoo.animal import Animal, ZooBase
from tests.zoo.rest import RestTour
from tests.zoo.zoo import ANIMALS, living_on, resource_of

REFUSED = [one for one in ANIMALS if one.refused.get("rest")]
MAPPED = [one.model for one in ANIMALS]  # whatever ran before: no database may stumble over the animals of the other


@asynccontextmanager
async def client_of(app: FastAPI, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app), make_client(app) as client, app.state.database.engine.begin() as connection:
        tables = {model.__table__ for plugin in load_registry(settings).plugins for model in plugin.models}
        # One by one: `create_all` makes every type of the metadata, those of the other database's animals too.
        for table in (one for one in ZooBase.metadata.sorted_tables if one in tables):
            await connection.run_sync(table.create)
        await connection.commit()
        yield client


# SQLAlchemy 2.1 warns of its own DOMAIN and JSONPATH once they are compared.
@pytest.mark.filterwarnings("ignore:Type object <class 'sqlalchemy:sqlalchemy.exc.SADeprecationWarning")
@pytest.mark.parametrize("road", ["fast", "usual"])
async def test_what_is_right_is_answered_and_what_is_wrong_is_refused_by_its_field(
    make_settings: Callable[..., Settings], empty_database_url: str, database_kind: str, road: str
):
    settings = make_settings(plugins=(f"tests.zoo.on_{database_kind}",), database_url=empty_database_url)
    app = make_application(settings)
    findings: dict[str, list[str]] = {}
    async with client_of(app if road == "fast" else without_fast_path(app), settings) as client:
        for animal in living_on(database_kind):
            if "rest" not in animal.refused:
                findings[animal.name] = await RestTour(client, animal).walk()

    assert {name: found for name, found in findings.items() if found} == {}


@pytest.mark.parametrize("animal", REFUSED, ids=[one.name for one in REFUSED])
def test_what_no_resource_can_be_made_of_is_refused_in_one_line_that_says_what_to_do(animal: Animal):
    with pytest.raises(ConfigurationError) as refused:
        resource_of(animal).router  # noqa: B018 - which looks at it all

    message = str(refused.value)
    assert animal.refused["rest"] in message
    assert "\n" not in message
