"""The doors of the back office, each as a function that says for which rows it opens; nothing is changed behind any."""

import csv
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from httpx import AsyncClient, Response
from sqladmin.authorization import Action
from starlette.routing import BaseRoute

from dovetail.contrib.admin.views import ModelAdmin
from tests.contract.matrix.rest_doors import Keys

OpensFor = Callable[[AsyncClient, str, Sequence[int]], Awaitable[Keys]]


@dataclass(frozen=True)
class OfficeDoor:
    """A page of a view: `opens_for` returns the keys for which it lets somebody do `action` of the rules."""

    page: str
    permission: str  # what the door of the view takes, as SQLAdmin calls it
    action: str
    opens_for: OpensFor

    def is_offered(self, view: type[ModelAdmin]) -> bool:
        """Return True if the view has the page at all."""
        return self.page == "list" or bool(getattr(view, SWITCHES[self.page]))


async def _list(client: AsyncClient, url: str, _keys: Sequence[int]) -> Keys:
    answer = await client.get(f"{url}/?pageSize=200")
    links = re.findall(rf"{url}/([0-9]+)/", answer.text) if _opens(answer) else []
    boxes = re.findall(r'name="pks" value="([0-9]+)"', answer.text) if _opens(answer) else []
    return frozenset(map(int, [*links, *boxes]))


async def _details(client: AsyncClient, url: str, keys: Sequence[int]) -> Keys:
    return frozenset([key for key in keys if _opens(await client.get(f"{url}/{key}/"))])


async def _edit(client: AsyncClient, url: str, keys: Sequence[int]) -> Keys:
    return frozenset([key for key in keys if _opens(await client.get(f"{url}/{key}/change/"))])


async def _delete(client: AsyncClient, url: str, keys: Sequence[int]) -> Keys:
    """Ask for the page that asks whether one is sure."""
    found = set()
    for key in keys:
        answer = await client.get(f"{url}/{key}/delete/")
        if _opens(answer) and f'name="pks" value="{key}"' in answer.text:
            found.add(key)
    return frozenset(found)


async def _export(client: AsyncClient, url: str, keys: Sequence[int]) -> Keys:
    """Return what is listed, if as many rows are exported: not every export holds the key."""
    answer = await client.get(f"{url}/export/csv/")
    rows = list(csv.reader(answer.text.removeprefix("\ufeff").splitlines())) if _opens(answer) else []
    listed = await _list(client, url, keys)
    assert len(rows[1:]) == len(listed), answer.text
    return listed


async def _history(client: AsyncClient, url: str, keys: Sequence[int]) -> Keys:
    return frozenset([key for key in keys if _opens(await client.get(f"{url}/{key}/history/"))])


async def _bulk_edit(client: AsyncClient, url: str, keys: Sequence[int]) -> Keys:
    """Ask for the page that asks which fields are to change to what."""
    found = set()
    for key in keys:
        answer = await client.get(f"{url}/bulk/?pks={key}")
        if _opens(answer) and f'name="pks" value="{key}"' in answer.text:
            found.add(key)
    return frozenset(found)


SWITCHES = {
    "details": "can_view_details",
    "history": "can_view_details",
    "export": "can_export",
    "edit": "can_edit",
    "delete": "can_delete",
    "bulk edit": "bulk_editable",
}
DOORS = {
    "list": OfficeDoor("list", Action.LIST, "view", _list),
    "details": OfficeDoor("details", Action.DETAILS, "view", _details),
    "edit": OfficeDoor("edit", Action.EDIT, "change", _edit),
    "delete": OfficeDoor("delete", Action.DELETE, "delete", _delete),
    "export": OfficeDoor("export", Action.EXPORT, "view", _export),
    "bulk-edit": OfficeDoor("bulk edit", Action.EDIT, "change", _bulk_edit),
    "object-history": OfficeDoor("history", Action.DETAILS, "view", _history),
}
# Pages that show no rows of a model by themselves, or whose rows are asked about elsewhere, and where.
ELSEWHERE = {
    "create": "the row that comes of it decides: tests/contrib/admin/rules",
    "ajax_lookup": "it shows rows of another model: test_office_matrix.py asks about those",
    "lookup-in-rows": "it shows rows of another model: tests/contrib/admin/inlines/test_rights_of_rows.py",
    "import": "the rows that come of it decide: tests/contrib/admin/importing",
    "import-table": "it is its owner's: tests/contrib/admin/importing",
    "presence": "it is the page of an object's: tests/contrib/admin/presence",
    "object-act": "it shows nothing of a row: tests/contrib/admin/entry/test_acting.py",
    **dict.fromkeys(("draft", "list-columns", "list-views"), "it keeps what is its user's own"),
    "markdown": "it shows what was sent to it: tests/contrib/admin/editing/test_markdown.py",
}


def office_doors(routes: Sequence[BaseRoute]) -> Iterator[OfficeDoor]:
    """Yield the doors of each view, each once. Fails for a page of views that is no door which is known here."""
    found: dict[str, OfficeDoor] = {}
    for route in routes:
        if "{identity" not in getattr(route, "path", ""):
            continue
        name = str(getattr(route, "name", ""))
        assert name in DOORS or name in ELSEWHERE, f"{name} is a new kind of door: say in DOORS for which rows it opens"
        if name in DOORS:
            found[name] = DOORS[name]
    assert found.keys() == DOORS.keys(), "some doors are nowhere: their pages are called otherwise now"
    yield from found.values()


def _opens(answer: Response) -> bool:
    # 303 leads whoever is no staff to the login, and whoever may delete nothing of what is selected back to the list.
    assert answer.status_code in (200, 303, 403, 404), answer.text
    return answer.status_code == 200
