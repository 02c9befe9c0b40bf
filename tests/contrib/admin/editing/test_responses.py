"""Views save, delete and answer in their own way, and windows of their own tell what became of an object."""

import json
import re
from html import unescape

from sqlalchemy import func, select

from tests.contrib.admin.guild.models import Crafter, Skill, Workshop


async def last_change(session, key: int) -> str | None:
    found = await session.scalar(select(Workshop.last_change).where(Workshop.id == key))
    await session.commit()
    return found


def told(page: str) -> dict[str, str]:
    return json.loads(unescape(re.search(r'data-told="([^"]*)"', page)[1]))


async def test_a_view_answers_in_its_own_way_once_something_was_saved_or_deleted(office, session, workshop, named):
    answer = await office.submit("/guild/answering/add/", {"name": "New forge"})
    assert (answer.status_code, answer.text) == (200, "New forge is open")
    key = await named(Workshop, "New forge")
    assert (await office.submit("/guild/answering/add/", {"name": "Forge"})).headers[
        "location"
    ] == "/admin/guild/answering/"
    refused = await office.submit(f"/guild/answering/{key}/change/", {"name": "Refused"})
    assert (refused.status_code, refused.text) == (409, "No.")
    assert await session.scalar(select(func.count()).where(Workshop.name == "Refused")) == 0
    await session.commit()
    assert (await office.submit(f"/guild/answering/{key}/change/", {"name": "Smithy"})).status_code == 303
    answer = await office.post("/guild/answering/delete/", {"pks": [str(key)], "confirmed": "yes"})
    assert (answer.status_code, answer.text) == (200, f"Smithy ({key}) is closed")
    assert await session.get(Workshop, int(key), populate_existing=True) is None


async def test_a_view_saves_and_deletes_in_its_own_way(office, session, workshop, named):
    await office.submit("/guild/answering/add/", {"name": "Kept"})
    key = await named(Workshop, "Kept")
    assert await last_change(session, int(key)) == "added by boss: Kept"
    await office.submit(f"/guild/answering/{workshop.id}/change/", {"name": "Weavers"})
    assert await last_change(session, workshop.id) == "changed by boss: Weavers"
    await office.post("/guild/answering/delete/", {"pks": [str(key), str(workshop.id)], "confirmed": "yes"})
    assert await last_change(session, int(key)) == "deleted"
    assert await last_change(session, workshop.id) is None


async def test_a_window_of_its_own_has_no_menu_and_tells_what_was_saved(office, workshop, named):
    page = (await office.get("/guild/crafter/add/", _popup="1")).text
    assert "navbar-vertical" not in page
    assert re.findall(r'name="save" value="(\w+)"', page) == ["list"]
    answer = await office.submit("/guild/crafter/add/?_popup=1", {"name": "<Dora>"})
    dora = await named(Crafter, "<Dora>")
    assert told(answer.text) == {"action": "add", "id": dora, "text": "<Dora>"}
    answer = await office.submit(f"/guild/crafter/{dora}/change/?_popup=1", {"name": "Dora"})
    assert told(answer.text) == {"action": "change", "id": dora, "text": "Dora"}
    assert (await office.submit("/guild/crafter/add/?_popup=1", {"name": ""})).status_code == 400
    assert "navbar-vertical" not in (await office.get(f"/guild/crafter/{dora}/", _popup="1")).text


async def test_beside_a_relation_stands_what_one_may_do(office, desk, workshop):
    path = f"/guild/workshop/{workshop.id}/change/"
    mine, theirs = [re.findall(r'data-related="(\w+)"', (await who.get(path)).text) for who in (office, desk)]
    assert mine == ["add", "change", "view", "add", "change", "view", "add"]
    assert theirs == ["view"]
    assert 'data-make-field="name"' in (await office.get(path)).text
    assert "data-make-field" not in (await desk.get(path)).text
    assert (await desk.get("/guild/crafter/add/", _popup="1")).status_code == 403


async def test_a_tag_is_made_in_place_and_told_to_the_script(office, desk, workshop, named):
    json_please = {"Accept": "application/json"}

    async def make(who, name: str):
        url = f"{who.root}/guild/skill/add/?_popup=1"
        return await who.client.post(url, data={"name": name, "csrf_token": await who.token()}, headers=json_please)

    answer = await make(office, "Dyeing")
    assert answer.json() == {"action": "add", "id": await named(Skill, "Dyeing"), "text": "Dyeing"}
    twice = await make(office, "Dyeing")
    assert twice.status_code == 409
    assert twice.json()["detail"]
    assert "longer than 50" in (await make(office, "x" * 51)).json()["detail"]
    assert (await make(desk, "Forged")).status_code == 403
