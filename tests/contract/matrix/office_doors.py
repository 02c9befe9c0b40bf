"""The doors of the back office, each as a function that says for which rows it opens; nothing is changed behind any."""

import csv
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from httpx import AsyncClient

Keys = frozenset[int]
CLOSED = (403, 404)
OpensFor = Callable[[AsyncClient, str, Sequence[int]], Awaitable[Keys]]


@dataclass(frozen=True)
class OfficeDoor:
    """A page of a view: `opens_for` returns the keys for which it lets somebody do `action`."""

    name: str
    action: str
    opens_for: OpensFor


async def _list(client: AsyncClient, url: str, _keys: Sequence[int]) -> Keys:
    answer = await client.get(f"{url}/list?pageSize=200")
    if answer.status_code in CLOSED:
        return frozenset()
    assert answer.status_code == 200, answer.text
    return frozenset(
        int(key) for key in re.findall(r'name="pks" value="(\d+)"|data-pk="(\d+)"', answer.text) for key in key if key
    )


async def _details(client: AsyncClient, url: str, keys: Sequence[int]) -> Keys:
    return frozenset([key for key in keys if _opens(await client.get(f"{url}/details/{key}"))])


async def _edit(client: AsyncClient, url: str, keys: Sequence[int]) -> Keys:
    return frozenset([key for key in keys if _opens(await client.get(f"{url}/edit/{key}"))])


async def _delete(client: AsyncClient, url: str, keys: Sequence[int]) -> Keys:
    return frozenset([key for key in keys if _opens(await client.get(f"{url}/delete?pks={key}"))])


async def _export(client: AsyncClient, url: str, _keys: Sequence[int]) -> Keys:
    answer = await client.get(f"{url}/export/csv")
    if answer.status_code in CLOSED:
        return frozenset()
    rows = list(csv.reader(answer.text.removeprefix("\ufeff").splitlines()))
    return frozenset(int(row[rows[0].index("id")]) for row in rows[1:]) if "id" in rows[0] else frozenset()
