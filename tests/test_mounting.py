"""Where a site mounts the routers of its plugins: moved, dropped, replaced, or where their plugins put them."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter

from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.plugin import Mounts
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client, running
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


async def test_a_router_of_the_site_replaces_one_of_a_plugin(mounted):
    router = APIRouter()

    @router.get("/auth/login")
    async def show_login() -> str:
        return "ours"

    async with mounted({"auth.auth": router}) as client:
        assert (await client.get("/api/auth/login")).json() == "ours"
        assert (await client.post("/api/auth/register")).status_code == 404


async def test_the_kernels_own_pages_can_be_moved_and_dropped(mounted):
    async with mounted({"kernel.health": "/internal", "kernel.debug": None, "kernel.landing": None}) as client:
        assert (await client.get("/internal/health/live")).json() == {"status": "ok"}
        assert [(await client.get(path)).status_code for path in ("/health/live", "/debug/pool", "/")] == [404] * 3


@pytest.mark.parametrize(
    ("mounts", "refused"),
    [
        ({"auht.users": None}, "the site mounts 'auht.users', which is no router of an enabled plugin; did you mean"),
        ({"auth.users": "people"}, "the site mounts 'auth.users' at 'people', expected a path that begins with a"),
        ({"auth.users": "/people/"}, "expected a path without a slash at its end"),
        ({"auth.users": "/{tenant}"}, "expected a path without parameters"),
        ({"auth.users": 3}, "the site mounts 'auth.users' as a int, expected a path, an APIRouter, or None"),
        ({"auth": APIRouter()}, "the site replaces 'auth', which has 2 routers: auth.auth, auth.users; name one"),
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
from fastapi import APIRouter
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
