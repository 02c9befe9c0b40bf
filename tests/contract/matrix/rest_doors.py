"""The doors of REST, each as a function that says for which rows it opens; nothing is changed behind any."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from httpx import AsyncClient, Response

from dovetail.api.fastapi_private import routes_of
from dovetail.resources.endpoints.routes import ResourceEndpoint
from dovetail.resources.spec import Spec
from tests.walking import pages

CLOSED = (401, 403, 404)
MISSING = 2_000_000_000  # no row has this key: what names it is rolled back, and says of each other row if it could be
Keys = frozenset[int]


@dataclass(frozen=True)
class RestDoor:
    """A route of a resource: `opens_for` returns the keys for which it lets somebody do `action`."""

    path: str
    spec: Spec
    action: str
    opens_for: Callable[[AsyncClient, str, Sequence[int]], Awaitable[Keys]]


async def _list(client: AsyncClient, path: str, _keys: Sequence[int]) -> Keys:
    found: set[int] = set()
    first = f"{path}?limit=100"
    if (await client.get(first)).status_code in CLOSED:
        return frozenset()
    async for answer in pages(client.get, first):
        found |= {item["id"] for item in answer.json()["items"]}
    return frozenset(found)


async def _get(client: AsyncClient, path: str, keys: Sequence[int]) -> Keys:
    return frozenset([key for key in keys if _opens(await client.get(_of(path, key)), 200)])


async def _update(client: AsyncClient, path: str, keys: Sequence[int]) -> Keys:
    return frozenset([key for key in keys if _opens(await client.patch(_of(path, key), json={}), 200)])


async def _delete(client: AsyncClient, path: str, keys: Sequence[int]) -> Keys:
    stale = {"If-Match": '"stale"'}  # asked after the policy
    return frozenset([key for key in keys if _opens(await client.delete(_of(path, key), headers=stale), 412)])


async def _bulk_update(client: AsyncClient, path: str, keys: Sequence[int]) -> Keys:
    body = [{"id": key} for key in (*keys, MISSING)]
    return _not_named(await client.patch(path, json={"items": body}), "/items/", keys)


async def _bulk_delete(client: AsyncClient, path: str, keys: Sequence[int]) -> Keys:
    return _not_named(await client.delete(path, params={"ids": [*keys, MISSING]}), "/ids/", keys)


# By the first words of an operation id. What may be added is decided by the row that comes of it: worlds/ has that.
DOORS: dict[str, tuple[str, Callable[[AsyncClient, str, Sequence[int]], Awaitable[Keys]]] | None] = {
    "list": ("view", _list),
    "get": ("view", _get),
    "update": ("change", _update),
    "delete": ("delete", _delete),
    "bulk_update": ("change", _bulk_update),
    "bulk_delete": ("delete", _bulk_delete),
    "create": None,
    "bulk_create": None,
}


def rest_doors(app: FastAPI) -> Iterator[RestDoor]:
    """Yield the doors of every resource. Fails for a route of a resource that is no door which is known here."""
    for route in routes_of(app.routes):
        endpoint = route.endpoint
        if not isinstance(endpoint, ResourceEndpoint):
            continue
        kind = max((one for one in DOORS if endpoint.__name__.startswith(f"{one}_")), key=len, default=None)
        assert kind is not None, f"{endpoint.__name__} is a new kind of door: say in DOORS for which rows it opens"
        door = DOORS[kind]
        if door is not None:
            yield RestDoor(str(route.path_format), endpoint.spec, *door)


def _of(path: str, key: int) -> str:
    return f"{path[: path.rindex('{')]}{key}"


def _opens(answer: Response, status: int) -> bool:
    assert answer.status_code in (status, *CLOSED), answer.text
    return answer.status_code == status


def _not_named(answer: Response, pointer: str, keys: Sequence[int]) -> Keys:
    """Return the keys of which an answer does not say that they could not be written."""
    if answer.status_code in (401, 403) and not answer.json().get("errors"):
        return frozenset()
    found = {int(one["pointer"].removeprefix(pointer).partition("/")[0]) for one in answer.json()["errors"]}
    assert len(keys) in found, answer.text
    return frozenset(key for number, key in enumerate(keys) if number not in found)
