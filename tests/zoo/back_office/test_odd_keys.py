"""Rows of odd keys are looked up, chosen, shown beside each other, and changed in lists, rows and windows."""

import json
import re
from html import unescape

import pytest

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.admin.web.addresses import quote
from tests.zoo.animal import Json
from tests.zoo.back_office.visitor import Visitor
from tests.zoo.back_office.wardrobe import KEYS, SPARES, Coat, Peg

LINK = re.compile(r'href="/admin(/zoo/peg/[^"?]+/)"')


@pytest.fixture
async def coats(office, database, tmp_path) -> Visitor:
    """Somebody who walks through the coats, of which there is one, and a peg of every key."""
    found = Visitor(office, database, "/zoo/coat/", [Peg.__table__, Coat.__table__, SPARES])
    rows: list[dict[str, Json]] = [{"table": "zoo_peg", "row": {"id": key, "value": ""}} for key in KEYS]
    await found.fill(tmp_path / "rows", [*rows, {"table": "zoo_coat", "row": {"id": "coat", "value": ""}}])
    return found


async def coat_of(visitor: Visitor) -> dict[str, Json]:
    """The one coat, and the pegs where it could hang besides."""
    rows = await visitor.stored()
    (coat,) = [row for row in rows if "peg_id" in row and "coat_id" not in row]
    return {"peg": coat["peg_id"], "spares": {row["peg_id"] for row in rows if "coat_id" in row}}


async def test_a_row_of_an_odd_key_is_found_chosen_and_shown(coats):
    for key, other in zip(KEYS, KEYS[1:] + KEYS[:1], strict=True):
        for asked in ({"key": key}, {"term": key}):
            found = await coats.office.get("/zoo/coat/lookup/", name="peg", **asked)
            if {"id": key, "text": f"peg {key}"} not in found.json()["results"]:
                coats.findings.append(f"{asked} finds {found.text}")
        assert await coats.save("coat/", {"peg": key, "spares": [key, other]}) == {}, key
        assert await coat_of(coats) == {"peg": key, "spares": {key, other}}
        if "coat</" not in await coats.open("", peg=key):
            coats.findings.append(f"no coat hangs on {key}")
        for path in set(map(unescape, LINK.findall(await coats.open("coat/")))):
            page = await coats.office.get(path)
            if page.status_code != 200 or not any(f"peg {one}" in unescape(page.text) for one in (key, other)):
                coats.findings.append(f"{path} is answered by {page.status_code}")
    assert coats.findings == []


async def test_a_row_of_an_odd_key_is_chosen_by_its_key_and_in_boxes(coats):
    for key in KEYS:
        answer = await coats.office.submit("/zoo/coat_by_key/coat/change/", {"peg": key, "spares": [key, "1"]})
        assert answer.status_code == 303, (key, answer.text)
        assert await coat_of(coats) == {"peg": key, "spares": {key, "1"}}
        form = read_form((await coats.office.get("/zoo/coat_by_key/coat/change/")).text)
        assert (form["peg"][-1], {*form["spares"]} - {""}) == (key, {key, "1"})


async def test_a_row_of_an_odd_key_is_chosen_in_a_list_by_the_many_and_by_an_import(coats):
    for key, other in zip(KEYS, KEYS[1:] + KEYS[:1], strict=True):
        await coats.save_cells({"row-0-peg": [key]})
        assert (await coat_of(coats))["peg"] == key
        table = json.loads(await coats.open("export/json/"))
        await coats.change_many(["coat"], {"peg": [other]})
        assert (await coat_of(coats))["peg"] == other
        await coats.bring_in("json", json.dumps([{"id": row["id"], "peg": key} for row in table]))
        assert (await coat_of(coats))["peg"] == key
    assert coats.findings == []


async def test_a_row_of_an_odd_key_has_rows_of_odd_keys_in_its_form(coats):
    for key in KEYS:
        coats.root, link = "/zoo/peg/", f"{quote(key)}/"
        assert await coats.save(link, {"coat-0-id": key, "coat-0-value": "made"}) == {}
        assert [(row["id"], row["peg_id"]) for row in await coats.stored() if row.get("value") == "made"] == [
            (key, key)
        ]
        assert await coats.save(link, {"coat-0-value": "changed"}) == {}
        assert [row["id"] for row in await coats.stored() if row.get("value") == "changed"] == [key]
        assert await coats.save(link, {"coat-0-DELETE": "on"}) == {}
        assert [row for row in await coats.stored() if row.get("value") == "changed"] == []
    assert coats.findings == []


async def test_a_window_tells_the_odd_key_of_what_was_saved_in_it(coats):
    for key in KEYS:
        answer = await coats.office.submit(f"/zoo/peg/{quote(key)}/change/?_popup=1", {"value": "seen"})
        told = json.loads(unescape(re.findall(r'data-told="(.*?)"', answer.text)[0]))
        assert told == {"action": "change", "id": key, "text": f"peg {key}"}
