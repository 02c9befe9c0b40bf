"""Where a site mounts the routers of its plugins: moved, dropped, replaced, or where their plugins put them."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from dovetail.api.fastapi_private import routes_of
from dovetail.api.front.fast_path import FastPathRoutes
from dovetail.application import make_application, site_application
from dovetail.errors import ConfigurationError
from dovetail.plugin import Mounts
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client, running
from tests.once import asks_no_database
from tests.running import manage
from tests.test_registry import package

__all__ = ("package",)  # a fixture

Mount = Callable[[Mounts], AbstractAsyncContextManager[httpx.AsyncClient]]
MEMORY = "sqlite:///:memory:"


@pytest.fixture
def mounted(settings: Settings) -> Mount:
    """The site on a fresh database, mounted as the test says."""

    @asynccontextmanager
    async def mounted(mounts: Mounts) -> AsyncIterator[httpx.AsyncClient]:
        async with running(make_application(settings, mounts)) as app, make_client(app) as client:
            yield client

    return mounted


def refusal(make_settings: Callable[..., Settings], mounts: Mounts, *plugins: str) -> str:
    settings = make_settings(database_url=MEMORY, **({"plugins": plugins} if plugins else {}))
    with pytest.raises(ConfigurationError) as raised:
        make_application(settings, mounts)
    return str(raised.value)


async def paths(client: httpx.AsyncClient) -> set[str]:
    document: Mapping[str, Mapping[str, object]] = (await client.get("/openapi.json")).json()
    return set(document["paths"])


async def test_without_a_word_everything_is_where_it_is(mounted):
    async with mounted({}) as client:
        pages = ("/", "/health/live", "/docs", "/openapi.json", "/api/posts", "/admin/login")
        assert [(await client.get(path)).status_code for path in pages] == [200] * len(pages)


@asks_no_database
async def test_a_dropped_router_answers_nowhere_and_is_not_in_the_document(mounted):
    async with mounted({"auth.users": None}) as client:
        assert (await client.get("/api/users/me")).status_code == 404
        assert not [path for path in await paths(client) if "users" in path]
        assert (await client.post("/api/auth/login")).status_code == 422


async def test_a_moved_router_answers_below_its_new_path_only(mounted):
    async with mounted({"auth.auth": "/accounts"}) as client:
        assert (await client.post("/accounts/auth/login")).status_code == 422
        assert (await client.post("/api/auth/login")).status_code == 404
        assert (await client.get("/api/users/me")).status_code == 401


async def test_a_plugins_name_stands_for_all_its_routers_that_are_not_named_themselves(mounted):
    async with mounted({"auth": "/accounts", "auth.users": "/people"}) as client:
        assert (await client.post("/accounts/auth/login")).status_code == 422
        assert (await client.get("/people/users/me")).status_code == 401


async def test_a_plugin_at_the_root_is_read_there(mounted):
    async with mounted({"blog": ""}) as client:
        assert (await client.get("/posts")).json()["items"] == []
        assert (await client.get("/api/posts")).status_code == 404


@asks_no_database
async def test_a_router_of_the_site_replaces_one_of_a_plugin(mounted):
    router = APIRouter()

    @router.get("/auth/login")
    async def show_login() -> str:
        return "ours"

    async with mounted({"auth.auth": router}) as client:
        assert (await client.get("/api/auth/login")).json() == "ours"
        assert (await client.post("/api/auth/register")).status_code == 404


@asks_no_database
async def test_the_kernels_own_pages_can_be_moved_and_dropped(mounted):
    async with mounted({"kernel.health": "/internal", "kernel.debug": None, "kernel.landing": None}) as client:
        assert (await client.get("/internal/health/live")).json() == {"status": "ok"}
        assert [(await client.get(path)).status_code for path in ("/health/live", "/debug/pool", "/")] == [404] * 3


async def test_links_follow_a_router_that_was_moved(mounted, settings):
    user = {"username": "ada", "email": "ada@example.org", "password": "a long password of hers"}
    async with mounted({"auth.auth": "/accounts", "auth.users": "/people", "blog": ""}) as client:
        assert (await client.post("/accounts/auth/register", json=user)).status_code == 201
        form = {"username": "ada", "password": user["password"]}
        token = (await client.post("/accounts/auth/login", data=form)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        made = [
            await client.post("/posts", json={"title": title, "content": "x", "is_published": True}, headers=headers)
            for title in ("One", "Two")
        ]
        assert [answer.headers["Location"] for answer in made] == ["/posts/1", "/posts/2"]
        first = await client.get("/posts", params={"limit": 1})
        assert first.json()["next"].startswith("http://testserver/posts?")
        assert (await client.get(first.json()["next"])).json()["items"][0]["id"] == 1
        document = (await client.get("/openapi.json")).json()
        flows = document["components"]["securitySchemes"]["Bearer"]["flows"]
        assert flows["password"]["tokenUrl"] == "/accounts/auth/login"
        assert document["paths"]["/posts"]["post"]["operationId"] == "create_post"
        too_many = await client.post("/posts", json={"title": "x", "tags": ["t"] * 20_000})
        assert too_many.status_code == 401  # a body is looked at after the login that its address demands


@asks_no_database
async def test_a_moved_read_is_answered_in_front_of_the_router_as_before(settings):
    app = make_application(settings, {"blog": ""})
    routes = FastPathRoutes(app, "GET")
    assert routes.find({"type": "http", "path": "/posts", "method": "GET"}) is not None
    assert routes.find({"type": "http", "path": "/api/posts", "method": "GET"}) is None


@asks_no_database
async def test_a_dropped_read_is_answered_on_neither_road(mounted, settings):
    routes = FastPathRoutes(make_application(settings, {"blog": None, "comments": None}), "GET")
    assert routes.find({"type": "http", "path": "/api/posts", "method": "GET"}) is None
    async with mounted({"blog": None, "comments": None}) as client:
        assert (await client.get("/api/posts")).status_code == 404
        assert (await client.get("/api/posts", headers={"Authorization": "Bearer x"})).status_code == 404


async def test_a_stranger_is_led_to_the_login_and_back_where_both_were_moved(make_settings, database_url):
    settings = make_settings(database_url=database_url, docs="staff")
    app = make_application(settings, {"admin.office": "/office", "kernel.docs": "/about"})
    async with running(app), make_client(app) as client:
        answer = await client.get("/about/docs")
        assert (answer.status_code, answer.headers["location"]) == (303, "/office/login?next=/about/docs")
        page = await client.get("/office/")
        assert page.headers["location"].startswith("/office/login")


@asks_no_database
async def test_without_the_login_the_document_says_that_tokens_come_from_elsewhere(mounted):
    async with mounted({"auth.auth": None}) as client:
        document = (await client.get("/openapi.json")).json()
        assert document["components"]["securitySchemes"]["Bearer"] == {"type": "http", "scheme": "bearer"}


async def test_the_back_office_and_the_pages_that_lead_to_it_follow_when_they_are_moved(mounted):
    async with mounted({"admin.office": "/office", "kernel.docs": "/about"}) as client:
        assert (await client.get("/admin/login")).status_code == 404
        page = (await client.get("/office/login")).text
        assert 'href="/office/assets/admin.css"' in page
        assert "/admin/" not in page
        landing = (await client.get("/")).text
        assert [f'href="{path}"' in landing for path in ("/office/", "/about/docs", "/about/openapi.json")] == [
            True
        ] * 3
        shown = (await client.get("/about/docs")).text
        assert 'data-url="/about/openapi.json"' in shown
        script = re.search('src="(/about/docs/[^"]*/docs.js)"', shown)
        assert script is not None
        assert (await client.get(script[1])).status_code == 200


@asks_no_database
async def test_a_site_without_a_back_office_has_no_page_and_no_link_to_one(mounted):
    async with mounted({"admin.office": None}) as client:
        assert (await client.get("/admin/")).status_code == 404
        assert "Back office" not in (await client.get("/")).text


@asks_no_database
async def test_probes_are_answered_under_any_host_where_they_were_moved_to(mounted):
    async with mounted({"kernel.health": "/internal"}) as client:
        statuses = [
            (await client.get(path, headers={"Host": "10.0.0.1"})).status_code
            for path in ("/internal/health/live", "/health/live", "/api/posts")
        ]
        assert statuses == [200, 400, 400]


async def test_other_origins_may_not_read_the_back_office_where_it_was_moved_to(make_settings, database_url):
    settings = make_settings(database_url=database_url, cors_allowed_origins="https://shop.example")
    origin = {"Origin": "https://shop.example"}
    app = make_application(settings, {"admin.office": "/office"})
    async with running(app), make_client(app, origin) as client:
        assert "Access-Control-Allow-Origin" not in (await client.get("/office/login")).headers
        assert "Access-Control-Allow-Origin" in (await client.get("/api/posts")).headers


@pytest.mark.parametrize(
    ("mounts", "refused"),
    [
        ({"auht.users": None}, "the site mounts 'auht.users', which is no router of an enabled plugin; did you mean"),
        ({"auth.users": "people"}, "the site mounts 'auth.users' at 'people', expected a path that begins with a"),
        ({"auth.users": "/people/"}, "expected a path without a slash at its end"),
        ({"auth.users": "/{tenant}"}, "expected a path without parameters"),
        ({"auth.users": 3}, "the site mounts 'auth.users' as a int, expected a path, an APIRouter, or None"),
        ({"admin.office": ""}, "the site mounts 'admin.office' at '', expected a path of its own"),
        (
            {"auth": APIRouter()},
            (
                "the site replaces 'auth', which has 7 routers: auth.auth, auth.sessions, auth.tokens, auth.refresh, "
                "auth.groups, auth.providers, auth.users; name one"
            ),
        ),
        ({"auth.users": "/api/auth", "auth.auth": ""}, None),
    ],
)
def test_what_is_no_mount_is_refused_in_one_sentence(make_settings, mounts, refused):
    if refused is None:
        make_application(make_settings(database_url=MEMORY), mounts)
        return
    assert refused in refusal(make_settings, mounts)


def test_a_router_that_is_moved_onto_anothers_addresses_is_refused_by_name(make_settings):
    replacement = APIRouter()
    replacement.add_api_route("/health/live", lambda: None)
    message = refusal(make_settings, {"blog": replacement, "kernel.health": "/api"})
    assert "'GET /api/health/live' of plugin 'blog' is never reached: the route 'GET /api/health/live'" in message
    assert "of the kernel answers" in message


PLUGIN = "from dovetail.plugin import Plugin, lazy\nplugin = Plugin(name={!r}, {})\n"
API = """
from fastapi import APIRouter, FastAPI
router = APIRouter()
@router.get("/thing")
async def get_{0}() -> str:
    return {0!r}
"""


async def test_a_plugin_may_offer_routers_at_the_root_of_the_site(package, make_settings):
    package(
        "pkg_rooted", PLUGIN.format("rooted", "root_routers=lazy(feed='pkg_rooted.api:router')"), api=API.format("feed")
    )
    settings = make_settings(plugins=("pkg_rooted",), database_url=MEMORY)
    async with make_client(make_application(settings)) as client:
        assert (await client.get("/thing")).json() == "feed"
    async with make_client(make_application(settings, {"rooted.feed": "/feeds"})) as client:
        assert (await client.get("/feeds/thing")).json() == "feed"


def test_routers_of_one_name_and_names_that_are_none_are_refused(package, make_settings):
    name = "'pkg_twice.api:router'"
    both = f"routers=lazy(one={name}), root_routers=lazy(one={name}, Two={name})"
    package("pkg_twice", PLUGIN.format("twice", both), api=API.format("one"))
    message = refusal(make_settings, {}, "pkg_twice")
    assert "plugin 'twice' has two routers named 'one'; rename one" in message
    assert "plugin 'twice' names a router 'Two', expected lower-case letters, digits and _" in message


def test_routes_of_one_plugin_that_hide_each_other_are_refused(package, make_settings):
    hidden = API.format("one") + "@router.get('/{name}')\nasync def get_any(name: str) -> str:\n    return name\n"
    hidden += "@router.get('/other')\nasync def get_other() -> str:\n    return 'other'\n"
    package("pkg_hidden", PLUGIN.format("hidden", "routers=lazy('pkg_hidden.api:router')"), api=hidden)
    assert refusal(make_settings, {}, "pkg_hidden") == (
        "the route 'GET /api/other' of plugin 'hidden' is never reached: the route 'GET /api/{name}' of plugin "
        "'hidden' answers; give it another path, or mount it elsewhere in project/urls.py"
    )


def test_the_check_looks_at_the_application_that_the_site_has_made():
    result = manage("check", APPLICATION_FACTORY="tests.late_routes:create_app", DATABASE_URL=MEMORY)
    assert result.code == 1
    found = (
        "(kernel.E008) The route 'GET /api/posts' of the site is never reached: the route 'GET /api/posts' of plugin"
    )
    assert found in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("tests.nowhere:create_app", "APPLICATION_FACTORY='tests.nowhere:create_app' cannot be imported"),
        ("tests.late_routes:__name__", "gives a str, expected a function of the settings that returns a FastAPI"),
    ],
)
def test_a_factory_that_makes_no_application_is_one_line(make_settings, name, problem):
    with pytest.raises(ConfigurationError, match=re.escape(problem)):
        site_application(make_settings(database_url=MEMORY, application_factory=name))


def test_a_page_and_a_websocket_of_one_address_do_not_hide_each_other(package, make_settings):
    both = API.format("one") + "@router.websocket('/thing')\nasync def listen(websocket) -> None: ...\n"
    package("pkg_both", PLUGIN.format("both", "routers=lazy('pkg_both.api:router')"), api=both)
    app = make_application(make_settings(plugins=("pkg_both",), database_url=MEMORY))
    assert [route.path for route in routes_of(app.routes)].count("/api/thing") == 2


class TestWhoeverWorksInAMovedBackOffice:
    @pytest.fixture
    async def app(self, settings: Settings) -> AsyncIterator[FastAPI]:
        async with running(make_application(settings, {"admin.office": "/office"})) as app:
            yield app

    async def test_stays_logged_in_and_reaches_every_page(self, back_office_for, make_user):
        office = await back_office_for(await make_user(username="boss", is_superuser=True))
        page = await office.get("/blog/tag/")
        assert page.status_code == 200
        assert "/admin/" not in page.text
        made = await office.submit("/blog/tag/add/", {"name": "harbour"})
        assert made.headers["location"] == "/office/blog/tag/"
        assert "harbour" in (await office.get("/blog/tag/")).text
