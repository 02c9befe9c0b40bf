"""Addresses of a site are found once, and anew when its routes change."""

from starlette.responses import Response
from starlette.routing import Mount, Route, Router

from dovetail.contrib.admin.mounting import own_addresses
from dovetail.contrib.admin.mounting.own_addresses import OwnAddresses


async def nothing(_request) -> Response:
    return Response()


def site(*routes: Route) -> tuple[OwnAddresses, Router]:
    app = Router(list(routes))
    return OwnAddresses(app, Mount("/office", app=app)), app


def test_a_path_is_that_of_its_own_parameters():
    own, _ = site(Route("/{identity}/list", nothing, name="list"), Route("/{pk}", nothing, name="one"))
    for _ in range(2):
        assert own.path_of("list", identity="post") == "/office/post/list"
        assert own.path_of("list", identity="tag") == "/office/tag/list"
        assert own.path_of("list") is None
        assert own.path_of("one", pk=1) == "/office/1"
        assert own.path_of("one", pk=True) == "/office/True"
    assert own.path_of("other", identity="post") is None


def test_a_route_that_is_added_has_its_address_at_once():
    own, app = site(Route("/first", nothing, name="first"))
    assert own.path_of("second") is None
    app.routes.append(Route("/second", nothing, name="second"))
    assert own.path_of("second") == "/office/second"


def test_not_every_path_is_kept(monkeypatch):
    monkeypatch.setattr(own_addresses, "MOST_KEPT", 3)
    own, _ = site(Route("/{pk}", nothing, name="one"))
    for number in range(10):
        assert own.path_of("one", pk=str(number)) == f"/office/{number}"
        assert own._find_once.cache_info().currsize <= 3
