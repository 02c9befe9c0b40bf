"""Each undocumented part of FastAPI and Starlette that is leaned on: these fail when one of them changes."""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.dependencies import utils as dependencies
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer
from opentelemetry import trace
from pydantic import BaseModel, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute

import tests
from dovetail.api.fastapi_private import (
    TELEMETRY,
    Dependant,
    analysing_once,
    chooses_by_its_pattern,
    is_security_scheme,
    may_have_body,
    path_within,
    routes_of,
)
from dovetail.application import make_application

REPOSITORY = Path(tests.__file__).parent.parent
ROUTES = """
import sys
import dovetail.api.fastapi_private
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from opentelemetry import trace
from pydantic import BaseModel

class Item(BaseModel):
    names: list[str]

app = FastAPI()

@app.post("/items")
def create(item: Item, wanted: list[int] | None = None) -> Item:
    return item

jsonable_encoder({"item": Item(names=["a"])})
app.openapi()
assert "pydantic.v1" not in sys.modules, "imported all the same"
"""
REFUSED = """
import warnings
warnings.simplefilter("ignore")
import dovetail.api.fastapi_private
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from pydantic.v1 import BaseModel

class Item(BaseModel):
    name: str

def create(item: ANNOTATION):
    return item

ACTION
"""


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_routes_documents_and_answers_do_without_pydantic_v1():
    done = run(ROUTES)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("annotation", ["Item", "list[Item]", "Item | None"])
def test_a_route_with_a_model_of_pydantic_v1_is_refused(annotation):
    done = run(REFUSED.replace("ANNOTATION", annotation).replace("ACTION", 'FastAPI().post("/items")(create)'))

    assert "pydantic.v1 models are no longer supported by FastAPI" in done.stderr


def test_an_object_of_pydantic_v1_is_not_encoded():
    done = run(REFUSED.replace("ANNOTATION", "int").replace("ACTION", 'jsonable_encoder(Item(name="a"))'))

    assert "pydantic.v1" in done.stderr.splitlines()[-1]


async def endpoint() -> None:
    return None


def test_routes_are_listed_with_every_prefix_above_them_and_all_that_is_asked_of_them():
    inner, outer = APIRouter(prefix="/inner"), APIRouter()
    inner.add_api_route("/{number:int}", endpoint, methods=["GET"], name="get_it", include_in_schema=False)
    inner.add_api_websocket_route("/live", endpoint)
    outer.include_router(inner, prefix="/v1")
    outer.routes += [Route("/plain", Response), Mount("/files", Response())]
    app = FastAPI(openapi_url=None)
    app.include_router(outer, prefix="/api", dependencies=[Depends(endpoint)])

    found = {route.path: route for route in routes_of(app.routes)}

    assert list(found)[1:] == ["/api/v1/inner/live", "/api/plain", "/api/files"]
    route = next(iter(found.values()))
    assert (route.name, route.methods, route.endpoint) == ("get_it", {"GET"}, endpoint)
    assert (route.include_in_schema, route.path_format) == (False, "/api/v1/inner/{number}")
    assert route.path_regex.match("/api/v1/inner/7")
    assert list(route.param_convertors) == ["number"]
    assert isinstance(route.original_route, APIRoute)
    assert [one.call for one in route.dependant.dependencies] == [endpoint]
    assert route.unique_id
    assert found["/api/files"].methods is None


async def test_the_path_within_a_mount_is_the_one_that_routes_see():
    seen = []

    async def note(request: Request) -> Response:
        seen.append(path_within(request.scope))
        return Response()

    app = FastAPI(routes=[Mount("/site", routes=[Route("/page", note)])])
    transport = httpx.ASGITransport(app, root_path="/behind")
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await client.get("/behind/site/page")
    assert seen == ["/page"]


def test_a_route_of_a_kind_of_its_own_may_choose_in_a_way_of_its_own():
    class Odd(Route):
        def matches(self, scope):
            return super().matches(scope)

    app = FastAPI(openapi_url=None)
    app.add_api_route("/one", endpoint)
    app.router.routes += [Route("/two", Response), Mount("/three", Response()), WebSocketRoute("/four", endpoint)]
    app.router.routes.append(Odd("/five", Response))
    assert [chooses_by_its_pattern(route) for route in routes_of(app.routes)] == [True, True, True, True, False]


def test_a_security_scheme_is_told_from_other_dependencies():
    app = FastAPI(openapi_url=None)
    scheme = OAuth2PasswordBearer(tokenUrl="login")
    app.add_api_route("/one", endpoint, dependencies=[Depends(scheme), Depends(endpoint)])
    (route,) = routes_of(app.routes)
    assert [is_security_scheme(one) for one in route.dependant.dependencies] == [True, False]


def shared(key: int = 0) -> int:
    return key


def asks(key: int, value: Annotated[int, Depends(shared)]) -> int:
    return key + value


def included() -> FastAPI:
    app, router = FastAPI(openapi_url=None), APIRouter()
    router.add_api_route("/query", asks, dependencies=[Depends(endpoint)])
    router.add_api_route("/again", asks)
    router.add_api_route("/path/{key}", asks)
    app.include_router(router, prefix="/api")
    return app


def test_each_function_is_looked_into_once_while_a_site_is_made(monkeypatch: pytest.MonkeyPatch):
    looked_into: list[object] = []
    original = dependencies.get_typed_signature
    monkeypatch.setattr(dependencies, "get_typed_signature", lambda call: looked_into.append(call) or original(call))

    with analysing_once(), analysing_once():
        list(routes_of(included().routes))

    # Below a path with a parameter of that name, `key` is another thing.
    assert (looked_into.count(asks), looked_into.count(shared), looked_into.count(endpoint)) == (2, 2, 1)
    list(routes_of(included().routes))
    assert looked_into.count(asks) == 2 + 3, "remembered for ever"


def test_what_is_remembered_of_a_function_is_what_there_is_to_know_of_it():
    plain = [route.dependant for route in routes_of(included().routes)]
    with analysing_once():
        remembered = [route.dependant for route in routes_of(included().routes)]

    assert list(map(told, remembered)) == list(map(told, plain))
    assert [len(one.dependencies) for one in remembered] == [2, 1, 1], "one route's own are another's too"
    assert [one.path for one in remembered] == ["/api/query", "/api/again", "/api/path/{key}"]


class Item(BaseModel):
    name: str


Short = Annotated[str, StringConstraints(max_length=3)]


def test_parameters_and_answers_that_say_nothing_but_one_type_share_a_validator_while_a_site_is_made():
    def read(short: Short, other: Short, any_length: str, told: Annotated[str, Query(title="Told")]) -> Item: ...
    def write(item: Item) -> Item: ...

    def made() -> tuple[list[object], list[object]]:
        routes = [APIRoute("/read", read), APIRoute("/write", write, methods=["POST"])]
        asked = [
            one._type_adapter for route in routes for one in (*route.dependant.query_params, route.body_field) if one
        ]
        return asked, [route.response_field._type_adapter for route in routes if route.response_field]

    with analysing_once():
        (short, other, any_length, told_of, item), (answer, again) = made()
    alone, answers = made()

    assert short is other
    assert item is answer is again
    assert len({*map(id, (short, any_length, told_of, item))}) == 4, "shared by what is not the same"
    assert len({*map(id, (*alone, *answers))}) == 7, "remembered for ever"


@pytest.mark.parametrize("shared", [True, False])
async def test_a_shared_validator_refuses_what_each_ones_own_does(shared):
    with analysing_once() if shared else nullcontext():
        app = FastAPI()

        @app.get("/read")
        def read(short: Short, other: Short, any_length: str) -> Item:
            return Item(name=short + other + any_length)

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        good = await client.get("/read", params={"short": "abc", "other": "de", "any_length": "long"})
        bad = await client.get("/read", params={"short": "abc", "other": "defg", "any_length": "long"})

    assert good.json() == {"name": "abcdelong"}
    assert [error["loc"] for error in bad.json()["detail"]] == [["query", "other"]]


def told(dependant: Dependant) -> tuple[object, ...]:
    fields = (dependant.path_params, dependant.query_params, dependant.body_params)
    names = [[(field.name, field.field_info.annotation) for field in some] for some in fields]
    return dependant.call, dependant.name, dependant.scope, names, list(map(told, dependant.dependencies))


def test_which_answers_may_have_a_body():
    assert [may_have_body(status) for status in (200, 204, 304, 404)] == [True, False, False, True]


@pytest.mark.parametrize("reports", [True, False])
async def test_a_request_that_is_reported_is_known_by_its_scope(make_settings, monkeypatch, reports):
    class Provider(trace.TracerProvider):
        def get_tracer(self, *_: object, **__: object) -> trace.Tracer:
            return trace.NoOpTracer()

    monkeypatch.setattr(trace, "get_tracer_provider", Provider)
    seen = []
    app = make_application(make_settings(plugins=(), database_url="sqlite://", opentelemetry=reports))

    async def note(request: Request) -> Response:
        seen.append(TELEMETRY in request.scope)
        return Response()

    app.router.routes.insert(0, Route("/seen", note))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        await client.get("/seen")
    assert seen == [reports]


def layers(app):
    found, layer = [], app.build_middleware_stack()
    while layer is not app.router:
        found.append(type(layer).__name__)
        layer = layer.app
    return found


def test_fastapi_puts_layers_around_an_application_that_ours_does_without(make_settings):
    settings = {"plugins": (), "database_url": "sqlite://"}
    lean = layers(make_application(make_settings(**settings)))
    whole = layers(make_application(make_settings(**settings, opentelemetry=True)))
    assert whole == ["ServerErrorMiddleware", "ExceptionTelemetryMiddleware", "AppBodyLimitMiddleware", *lean]
    assert lean[0] == "EdgeMiddleware"


def test_a_limit_that_a_site_sets_on_the_application_holds(make_settings):
    app = make_application(make_settings(plugins=(), database_url="sqlite://"))
    app.max_body_size = 10
    assert "RequestBodyLimitMiddleware" in layers(app)


async def test_what_a_site_adds_outside_of_our_middleware_may_fail(make_settings):
    app = make_application(make_settings(plugins=(), database_url="sqlite://"))

    @app.middleware("http")
    async def fail(_request, _call_next):
        raise RuntimeError("outside")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


async def test_an_application_below_a_path_knows_where_it_is(make_settings):
    app = make_application(make_settings(plugins=(), database_url="sqlite://"))
    app.root_path = "/below"
    seen = []

    async def note(request: Request) -> Response:
        seen.append((request.app, request.scope["root_path"]))
        return Response()

    app.router.routes.insert(0, Route("/seen", note))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        await client.get("/below/seen")
    assert seen == [(app, "/below")]
