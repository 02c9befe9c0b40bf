"""An included route takes over what the route itself found out, and is then what FastAPI makes of it by itself."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, Query, routing
from fastapi.dependencies.utils import get_dependant
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from dovetail.api.fastapi_private import populate_anew, routes_of


class Item(BaseModel):
    name: str


def who(token: Annotated[str, Query()]) -> str:
    return token


def read(number: int, wanted: Annotated[list[int], Query()], reader: Annotated[str, Depends(who)]) -> Item:
    """Read it.\f And this is told to nobody."""
    return Item(name=f"{number}{wanted}{reader}")


def write(items: list[Item]) -> list[Item]:
    return items


def write_two(item: Item, other: Item) -> list[Item]:
    return [item, other]


def write_form(item: Annotated[Item | None, Form()] = None) -> str:
    return f"{item}"


async def stream() -> AsyncIterator[Item]:
    yield Item(name="one")


def within(prefix: str, **inclusion: object) -> Callable[[APIRouter], APIRouter]:
    def include(router: APIRouter) -> APIRouter:
        outer = APIRouter()
        outer.include_router(router, prefix=prefix, **inclusion)
        return outer

    return include


def router_of_everything() -> APIRouter:
    router = APIRouter(prefix="/items", tags=["items"])
    router.add_api_route("/{number}", read, responses={404: {"model": list[Item]}})
    router.add_api_route("", write, methods=["PUT"], status_code=201, operation_id="put_items")
    router.add_api_route("/two", write_two, methods=["POST"], deprecated=True)
    router.add_api_route("/form", write_form, methods=["POST"], response_class=PlainTextResponse)
    router.add_api_route("/stream", stream)
    return router


INCLUSIONS = [
    within("/api"),
    within("/api", dependencies=[Depends(who)]),
    within("/api", responses={409: {"model": Item}}),
    within("/api", tags=["more"], deprecated=True, include_in_schema=False),
    within("/api", default_response_class=PlainTextResponse),
    within(""),
    within("/{place}"),
    within("/api", generate_unique_id_function=lambda route: f"of {route.path_format}"),
]


@pytest.fixture(params=range(len(INCLUSIONS)))
def inclusion(request: pytest.FixtureRequest) -> Callable[[APIRouter], APIRouter]:
    return INCLUSIONS[request.param]


def described(router: APIRouter) -> tuple[object, list[dict[str, object]]]:
    app = FastAPI(openapi_url=None)
    app.include_router(router, prefix="/v1")
    routes = [vars(one._route_context) for one in routes_of(app.routes) if one._route_context]
    return app.openapi(), [dict(_comparable(route)) for route in routes]


def _comparable(route: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in route.items():
        if name not in {"app", "dependency_overrides_provider"}:  # of this very application
            # The path of what an endpoint depends on says only which names are parameters of the path.
            yield (
                name,
                re.sub(r"path='[^']*/items", "path='/items", repr(value)) if name == "dependant" else repr(value),
            )


def test_an_included_route_is_what_fastapi_makes_of_it(inclusion, monkeypatch: pytest.MonkeyPatch):
    router = inclusion(router_of_everything())
    document, routes = described(router)
    monkeypatch.setattr(routing, "_populate_api_route_state", populate_anew)

    expected_document, expected = described(router)

    assert len(routes) == 5
    assert routes == expected
    assert document == expected_document


def test_an_endpoint_is_looked_through_once_however_often_its_router_is_included(monkeypatch: pytest.MonkeyPatch):
    looked_through: list[object] = []
    original = get_dependant
    monkeypatch.setattr(
        routing, "get_dependant", lambda **given: looked_through.append(given["call"]) or original(**given)
    )
    router = router_of_everything()
    for _ in range(2):
        described(router)

    assert looked_through.count(read) == looked_through.count(write) == looked_through.count(stream) == 1


def test_wrapping_the_call_of_an_included_route_leaves_others_alone():
    router = APIRouter()
    router.add_api_route("/it", write, methods=["POST"])
    app = FastAPI(openapi_url=None)
    app.include_router(router, prefix="/one")
    app.include_router(router, prefix="/two")

    first, second = (one.dependant for one in routes_of(app.routes))
    first.call = who

    assert second.call is write
