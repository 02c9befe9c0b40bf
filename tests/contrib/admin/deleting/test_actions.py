"""Actions: functions and methods, with forms, and with all objects that match, whole or not at all."""

import asyncio
import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete, event, func, select, update

from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.tasks import acting
from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.admin.views import ModelAdmin, action
from tests.contrib.admin.workshop.admin import CALLS
from tests.contrib.admin.workshop.models import Tool

SCOPE = {"http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("testserver", 80)}
SCOPE |= {"asgi": {"version": "3.0", "spec_version": "2.3"}, "root_path": ""}
ACTION, LIST = "/workshop/tool/action/{}/", "/workshop/tool/"


async def keys(session) -> list[str]:
    found = (await session.scalars(select(Tool.id).order_by(Tool.id))).all()
    await session.commit()
    return list(map(str, found))


async def broken(session) -> int:
    found = await session.scalar(select(func.count()).select_from(Tool).where(Tool.is_broken))
    await session.commit()
    return found


async def test_functions_and_methods_that_a_view_names_are_its_actions_in_their_order(
    office, session, tools, make_user, back_office_for
):
    await tools(3)
    page = (await office.get(LIST)).text
    places = [page.index(f">{label}<") for label in ("Take back", "Lend", "Mend", "Label", "Rename", "Delete")]
    assert places == sorted(places)
    assert page.count(">Lend<") == 2  # on top and at the bottom
    assert "selection-count" not in page
    await office.post(ACTION.format("take-back"), {"pks": (await keys(session))[:2]})
    assert "Take back: done with 2 tools." in (await office.get(LIST)).text
    answer = await office.post(ACTION.format("stick"), {"pks": await keys(session)})
    assert answer.text == "Tool 0000, Tool 0001, Tool 0002"
    other = await back_office_for(await make_user(username="other", is_superuser=True))
    assert ">Label<" not in (await other.get(LIST)).text
    assert (await other.post(ACTION.format("stick"), {"pks": await keys(session)})).status_code == 403
    assert ">Polish<" not in (await office.get("/workshop/idle/")).text
    assert (await office.post("/workshop/idle/action/polish/", {"pks": await keys(session)})).status_code == 403


async def test_an_action_asks_for_what_its_form_holds_keeps_it_and_says_what_is_wrong_with_it(office, session, tools):
    await tools(2)
    chosen = await keys(session)
    asked = await office.post(ACTION.format("lend"), {"pks": chosen})
    assert 'name="reader"' in asked.text
    data = read_form(asked.text)
    refused = await office.post(ACTION.format("lend"), {**data, "reader": "much too long a name"})
    assert refused.status_code == 400
    assert "Field cannot be longer than 10 characters." in refused.text
    assert read_form(refused.text)["reader"] == ["much too long a name"]
    await office.post(ACTION.format("lend"), {**read_form(refused.text), "reader": "Ada"})
    assert "Lent to Ada." in (await office.get(LIST)).text
    assert (await session.scalars(select(Tool.lent_to))).all() == ["Ada", "Ada"]
    await session.execute(delete(Tool).where(Tool.id == int(chosen[0])))
    await session.commit()
    told = await office.post(ACTION.format("lend"), {**data, "reader": "Bob"})
    assert (told.status_code, "1 of 2 selected are not there any more." in told.text) == (409, True)
    kept = read_form(told.text)
    assert (kept["reader"], kept["pks"]) == (["Bob"], chosen[1:])  # and is sent again for those that are left
    chosen = chosen[1:]
    asked = read_form((await office.post(ACTION.format("rename"), {"pks": chosen[:1]})).text)  # by the form of the view
    await office.post(ACTION.format("rename"), {**asked, "reader": "Axe"})
    assert "Axe" in (await office.get(LIST)).text


async def test_a_choice_in_the_form_of_an_action_is_said_in_the_language_of_the_page(office, session, tools):
    await tools(1)
    office.client.headers["Accept-Language"] = "de"
    asked = await office.post(ACTION.format("lend"), {"pks": await keys(session)})
    assert re.search(r'type="radio" name="haste"[^>]*> <span class="form-check-label">Keine Angabe</span>', asked.text)


async def test_all_that_match_are_acted_on_in_batches_and_no_other(office, session, tools):
    await tools(1203)
    await session.execute(update(Tool).where(Tool.id.in_(range(1, 4))).values(name="Spared"))
    await session.commit()
    page = await office.get(LIST, search="Tool")
    assert "All 1,200 that match" in page.text
    path = ACTION.format("mend") + "?search=Tool"
    asked = await office.post(path, {"select_across": "1"})
    assert "Mend: 1,200 tools?" in asked.text
    assert "and 1,190 others" in asked.text
    data = read_form(asked.text)
    await session.execute(update(Tool).where(Tool.id == 1).values(name="Tool once more"))
    await session.commit()
    again = await office.post(path, data)
    assert again.status_code == 409
    assert "What matches has changed since you were asked." in again.text
    assert CALLS == []
    assert (await office.post(path, read_form(again.text))).headers["location"] == f"/admin{LIST}?search=Tool"
    assert CALLS == [500, 500, 201]
    assert await broken(session) == 2
    assert "Mend: done with 1,201 tools." in (await office.get(LIST)).text


async def test_more_rows_than_a_statement_names_are_refused_where_all_are_done_at_once(office, tools, monkeypatch):
    await tools(2)
    monkeypatch.setattr(acting, "MOST_AT_ONCE", 2)
    assert (await office.post(ACTION.format("lend"), {"select_across": "1"})).status_code == 200
    await tools(1)
    refused = await office.post(ACTION.format("lend"), {"select_across": "1"})
    assert refused.status_code == 400
    assert "More than 2 match, which is more than can be done at once." in refused.text


@pytest.fixture
def loaded() -> Iterator[list[Tool]]:
    """The tools that were loaded from the database."""
    found: list[Tool] = []

    def note(tool: Tool, _context: object) -> None:
        found.append(tool)

    event.listen(Tool, "load", note)
    yield found
    event.remove(Tool, "load", note)


async def test_an_action_for_one_object_refuses_more_before_any_is_loaded(office, session, tools, loaded):
    await tools(700)
    chosen = (await keys(session))[:2]
    loaded.clear()
    for selected in ({"pks": chosen}, {"select_across": "1"}):
        for confirmed in ({}, {"confirmed": "yes", "reader": "Axe"}):
            await office.post(ACTION.format("rename"), {**selected, **confirmed})
            assert loaded == []
            told = "Nothing was done. “Rename” takes 1 object at a time. Select no more."
            assert told in (await office.get(LIST)).text
            loaded.clear()  # by the list
    with pytest.raises(ValueError, match="max_objects is 0, expected 1 or more"):
        action(max_objects=0)


async def test_what_fails_at_one_of_many_undoes_all_and_says_at_which(office, session, tools):
    await tools(700)
    await session.execute(update(Tool).where(Tool.name == "Tool 0613").values(lent_to="nobody"))
    await session.commit()
    data = read_form((await office.post(ACTION.format("mend"), {"select_across": "1"})).text)
    await office.post(ACTION.format("mend"), data)
    assert "Nothing was done. Nobody has it. That was at Tool 0613." in (await office.get(LIST)).text
    assert await broken(session) == 700


async def test_more_than_the_limit_are_not_acted_on_at_once_and_a_file_is_not_made_in_pieces(office, session, tools):
    await tools(1501)
    answer = await office.post(ACTION.format("mend"), {"select_across": "1"})
    assert answer.status_code == 400
    assert "More than 1,500 match" in answer.text
    path = ACTION.format("stick") + "?search=%22Tool+0%22"
    await office.post(path, read_form((await office.post(path, {"select_across": "1"})).text))
    assert "This answers with a page or a file: select 500 or fewer." in (await office.get(LIST)).text


async def test_all_that_match_are_deleted(office, session, tools):
    await tools(1200)
    path = "/workshop/tool/delete/?search=%22Tool+0%22"
    asked = await office.post(path, {"select_across": "1"})
    assert "Delete 1,000 tools?" in asked.text
    assert (await office.post(path, read_form(asked.text))).status_code == 303
    assert len(await keys(session)) == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_actions_that_nobody_could_do_are_refused_at_the_start(database_kind):
    class OddAdmin(ModelAdmin, model=Tool):
        list_display = fields = ("name",)
        actions = ("nothing", 3)
        action_form = "a form"

    class FormlessAdmin(ModelAdmin, model=Tool):
        list_display = fields = ("name",)

        @action
        async def send(self, request, tools, data):
            return "Sent."

    said = " ".join([*find_problems(OddAdmin), *find_problems(FormlessAdmin)])
    for one in ("actions names 'nothing'", "actions holds 3", "action_form is 'a form'"):
        assert one in said
    assert "the action 'send' takes the data of a form and has none; set form of @action" in said


async def test_a_script_is_told_how_far_it_is_and_what_came_of_it(office, session, tools):
    await tools(1200)
    data = read_form((await office.post(ACTION.format("mend"), {"select_across": "1"})).text)
    office.client.headers["Accept"] = "application/x-ndjson"
    answer = await office.client.post(f"/admin{ACTION.format('mend')}", data=data)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert lines[0] == {"state": "working", "done": 0}
    assert lines[-1] == {"state": "done", "message": "Mend: done with 1,200 tools."}
    assert await broken(session) == 0
    await session.execute(update(Tool).values(is_broken=True))
    await session.execute(update(Tool).where(Tool.name == "Tool 0613").values(lent_to="nobody"))
    await session.commit()
    answer = await office.client.post(f"/admin{ACTION.format('mend')}", data=data)
    failed = json.loads(answer.text.splitlines()[-1])
    assert failed == {"state": "failed", "message": "Nobody has it. That was at Tool 0613."}
    assert await broken(session) == 1200
    await session.execute(update(Tool).where(Tool.id == 1).values(name="Other"))
    await tools(1)
    answer = await office.client.post(f"/admin{ACTION.format('mend')}", data=data)
    assert json.loads(answer.text.splitlines()[-1]) == {"state": "asked"}


async def test_who_leaves_while_it_is_done_undoes_all_of_it_and_keeps_no_connection(office, app, session, tools):
    await tools(1200)
    data = read_form((await office.post(ACTION.format("mend"), {"select_across": "1"})).text)
    CALLS.clear()
    body = urlencode(data, doseq=True).encode()
    headers = {**office.client.headers, "accept": "application/x-ndjson", "host": "testserver"}
    headers["content-type"] = "application/x-www-form-urlencoded"
    headers["cookie"] = "; ".join(f"{one.name}={one.value}" for one in office.client.cookies.jar)
    path = f"/admin{ACTION.format('mend')}"
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", **SCOPE}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    left = asyncio.Event()
    sent: list[bytes] = []
    received = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive():
        found = next(received, None)
        if found is None:
            await left.wait()
            return {"type": "http.disconnect"}
        return found

    async def send(message):
        sent.append(message.get("body", b""))
        if b'"done": 500' in sent[-1]:
            left.set()
            await asyncio.Event().wait()  # whoever has left reads nothing more

    await asyncio.wait_for(app(scope, receive, send), 30)
    assert any(b'"done": 500' in one for one in sent), sent
    assert not any(b'"state": "done"' in one for one in sent)
    assert await broken(session) == 1200
    assert (await office.post(ACTION.format("mend"), data)).status_code == 303
    assert await broken(session) == 0
