"""Every animal goes through all that a resource offers, on both databases and both roads."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.database.unit_of_work import Database
from dovetail.errors import ConfigurationError
from dovetail.registry import load_registry
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client, running
from tests.contract.usual import without_fast_path
from tests.zoo.animal import Animal, ZooBase
from tests.zoo.rest import RestTour
from tests.zoo.zoo import ANIMALS, living_on, resource_of, router_of

REFUSED = [one for one in ANIMALS if one.refused.get("rest")]
MAPPED = [one.model for one in ANIMALS]  # whatever ran before: no database may stumble over the animals of the other


@pytest.fixture
async def settings(make_settings: Callable[..., Settings], empty_database_url: str, database_kind: str) -> Settings:
    """Those of a site of all animals, whose tables are there."""
    settings = make_settings(plugins=(f"tests.zoo.on_{database_kind}",), database_url=empty_database_url)
    database = Database.from_settings(settings)
    tables = {model.__table__ for plugin in load_registry(settings).plugins for model in plugin.models}
    async with database.engine.begin() as connection:
        # One by one: `create_all` makes every type of the metadata, those of the other database's animals too.
        for table in (one for one in ZooBase.metadata.sorted_tables if one in tables):
            await connection.run_sync(table.create)
    await database.dispose()
    return settings


def applications_of(settings: Settings, animals: Sequence[Animal], road: str) -> Iterator[tuple[FastAPI, list[Animal]]]:
    """Applications, each with those animals that it serves: on the fast road one has all.

    FastAPI asks one route after the other, of which the animals have a thousand: on its road each group has its own.
    """
    if road == "fast":
        yield make_application(settings), [*animals]
        return
    groups = {router_of(one): [other for other in animals if router_of(other) == router_of(one)] for one in animals}
    for name, group in groups.items():
        dropped = {f"zoo.{other}": None for other in groups if other != name}
        yield without_fast_path(make_application(settings, dropped)), group


# SQLAlchemy 2.1 warns of its own DOMAIN and JSONPATH once they are compared.
@pytest.mark.filterwarnings("ignore:Type object <class 'sqlalchemy:sqlalchemy.exc.SADeprecationWarning")
@pytest.mark.parametrize("road", ["fast", "usual"])
async def test_what_is_right_is_answered_and_what_is_wrong_is_refused_by_its_field(
    settings: Settings, database_kind: str, road: str
):
    animals = [one for one in living_on(database_kind) if "rest" not in one.refused]
    findings: dict[str, list[str]] = {}
    for app, served in applications_of(settings, animals, road):
        async with running(app), make_client(app) as client:
            for animal in served:
                findings[animal.name] = await RestTour(client, animal).walk()

    assert len(findings) == len(animals)
    assert {name: found for name, found in findings.items() if found} == {}


@pytest.mark.parametrize("animal", REFUSED, ids=[one.name for one in REFUSED])
def test_what_no_resource_can_be_made_of_is_refused_in_one_line_that_says_what_to_do(animal: Animal):
    with pytest.raises(ConfigurationError) as refused:
        resource_of(animal).router  # noqa: B018 - which looks at it all

    message = str(refused.value)
    assert animal.refused["rest"] in message
    assert "\n" not in message
