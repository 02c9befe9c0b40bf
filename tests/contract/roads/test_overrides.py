"""`app.dependency_overrides`: whatever a test puts there is asked, by every endpoint and method, on both roads."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.api.fastapi_private import Dependant, routes_of
from dovetail.contrib.auth.access import get_current_user, get_optional_user, get_staff_user
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.users import load_permissions
from dovetail.database.session import unit_of_work
from dovetail.errors import ConflictError
from tests.contract.roads.callers import NOBODY, OTHER, OWNER
from tests.contract.roads.operations import Catalogue
from tests.contract.roads.site import ADA, ROOT, Roads
from tests.library.api import known_viewer, viewer

REPLACED = (unit_of_work, get_optional_user, get_current_user, get_staff_user, viewer, known_viewer)


async def refuse() -> None:
    raise ConflictError("The test refuses.")


@pytest.mark.parametrize("replaced", REPLACED, ids=lambda one: one.__name__)
async def test_every_operation_that_depends_on_it_asks_what_stands_in_for_it(roads: Roads, replaced):
    catalogue = Catalogue(roads.fast.app)
    asking = set(operations_on(roads.fast.app, replaced))
    wanted = [one for one in catalogue.operations if one.name in asking]
    assert wanted
    for road in roads:
        road.app.dependency_overrides[replaced] = refuse
    found = await roads.compare(catalogue.request(one, "overridden", OWNER) for one in wanted)
    refused = {record.request.name for record in found if record.status != 409}
    # A dependency in front of it may have refused before.
    assert refused == set() or replaced in {get_staff_user, unit_of_work}, refused
    for road in roads:
        road.app.dependency_overrides.clear()
    await roads.compare_rows()


@pytest.mark.parametrize("user_id", [ADA, ROOT])
async def test_who_stands_in_for_the_user_is_who_asks_whatever_token_is_sent(roads: Roads, user_id):
    async def somebody(connection: HTTPConnection) -> User:
        async with connection.app.state.database.sessions() as session:
            user = await session.get_one(User, user_id)
            await load_permissions(session, user)
            return user

    catalogue = Catalogue(roads.fast.app)
    for road in roads:
        road.app.dependency_overrides |= {get_optional_user: somebody, get_current_user: somebody}
    requests = [
        catalogue.request(one, "as somebody", caller)
        for one in catalogue.operations
        for caller in (NOBODY, OTHER)
        if not one.is_librarys and "user" not in one.name and "bulk" not in one.name
    ]
    found = await roads.compare(requests)
    await roads.compare_rows()
    statuses = Counter(record.status for record in found)
    assert statuses[200] > 40
    assert not statuses[401]


async def test_a_session_that_a_test_brings_is_the_one_that_is_used(roads: Roads):
    """It is rolled back in the end: nothing that was asked leaves a row behind, and each sees what the last one did."""
    catalogue = Catalogue(roads.fast.app)
    names = ("create_post", "update_post", "delete_post", "list_posts", "get_post", "create_product", "list_tag_posts")
    requests = [catalogue.request(one, "in one session", OWNER) for one in catalogue.named(*names)]
    for road in roads:
        async with road.database.sessions() as session:
            road.app.dependency_overrides[unit_of_work] = always(session)
            for request in requests:
                assert (await road.send(request)).status < 300
            await session.rollback()
        road.app.dependency_overrides.clear()
    assert not roads.twins.differences(roads.fast.records, roads.usual.records)
    await roads.compare_rows()


def always(session: AsyncSession) -> Callable[[], AsyncIterator[AsyncSession]]:
    """A dependency that gives this session to every request."""

    async def the_one() -> AsyncIterator[AsyncSession]:
        yield session

    return the_one


def operations_on(app: FastAPI, dependency: object) -> Iterator[str]:
    """The operations that depend on it, however far down."""
    for route in routes_of(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None and dependency in set(_calls(dependant)):
            yield str(route.operation_id or route.unique_id)


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for one in dependant.dependencies:
        yield from _calls(one)
