"""Rows of every key and mapping have links that lead to them, and are shown, edited, deleted and brought back."""

import re
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import delete, select

from dovetail.resources.query.keys import write_key
from tests.zoo.back_office.views import own_animals, refusals_of, view_of
from tests.zoo.back_office.visitor import Visitor
from tests.zoo.dump_rows import records


async def see(visitor: Visitor, name: str, columns: int) -> None:
    """Walk through all that a row can be seen and changed by."""
    before, links = await visitor.stored(), await visitor.links()
    if len(links) * len(visitor.tables) != len(before):
        visitor.findings.append(f"{name}: the list has links to {links}, and there are {len(before)} rows")
    for link in links:
        await visitor.open(link)
        if await visitor.save(link, {}):
            visitor.findings.append(f"{name}: {link} cannot be saved as it is")
    await visitor.see_as_it_was(before)
    for order in ("asc", "desc"):
        await visitor.open("", sortBy="value", sort=order, search="b")
    text = (await visitor.form(links[-1]))["value"][0]
    if 'aria-label="Select ' not in await visitor.open("", value=text, value_op="equals"):
        visitor.findings.append(f"{name}: no row has the value {text}")
    await visitor.open("export/csv/")


async def undo(visitor: Visitor, name: str) -> None:
    """Delete a row and bring it back."""
    before, link = await visitor.stored(), (await visitor.links())[0]
    await visitor.open(f"{link}delete/")
    gone = await visitor.office.submit(f"{visitor.root}{link}delete/", {})
    if gone.status_code != 303 or await visitor.stored() == before:
        visitor.findings.append(f"{name}: {link} cannot be deleted: {gone.status_code}")
    change = re.findall(r'name="change" value="(\d+)"', await visitor.open(f"{link}history/"))
    await visitor.office.submit(f"{visitor.root}{link}history/", {"change": change[0] if change else ""})
    if await visitor.stored() != before:
        visitor.findings.append(f"{name}: {link} does not come back")


async def test_rows_of_every_key_and_mapping_are_seen_and_changed(office, database, database_kind, tmp_path):
    findings: list[str] = []
    for animal in own_animals(database_kind):
        if refusals_of(animal):
            continue
        mappers = list(animal.model.__mapper__.iterate_to_root())[::-1]
        tables = [table for mapper in mappers for table in mapper.tables if table in animal.model.__mapper__.tables]
        visitor = Visitor(office, database, f"/zoo/{view_of(animal).identity}/", list(dict.fromkeys(tables)))
        await visitor.fill(tmp_path / "rows", records([animal]))
        await see(visitor, animal.name, len(tables))
        await undo(visitor, animal.name)
        findings += visitor.findings
    assert findings == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_key_that_no_address_can_hold_is_refused_in_one_line(kind):
    refused = {one.name: refusals_of(one) for one in own_animals(kind) if refusals_of(one)}
    assert refused == {
        "key_bytes": ("KeyBytesAdmin: the key 'id' of Digest is of type LargeBinary(), which no address can hold",)
    }


async def test_what_a_model_refuses_is_a_mistake_of_the_field(office, database, database_kind, tmp_path):
    animal = next(one for one in own_animals(database_kind) if one.name == "validates")
    visitor = Visitor(office, database, "/zoo/validates/", [animal.model.__table__])
    await visitor.fill(tmp_path / "rows", records([animal]))
    assert await visitor.save("1/", {"value": "damn"}) == {"value": "expected no curse"}
    assert visitor.findings == []


@pytest.fixture
async def api(client_for, make_user) -> httpx.AsyncClient:
    return await client_for(await make_user(username="root", is_superuser=True))


async def test_the_api_finds_the_history_of_a_row_of_any_key(office, api, database, database_kind, tmp_path):
    for animal in own_animals(database_kind):
        if animal.name not in {"key_bool", "key_composite", "key_date", "key_decimal", "key_moment"}:
            continue
        table = animal.model.__table__
        visitor = Visitor(office, database, f"/zoo/{view_of(animal).identity}/", [table])
        await visitor.fill(tmp_path / "rows", records([animal]))
        async with database.unit_of_work() as session:
            keys = [write_key(key) for key in await session.execute(select(*table.primary_key))]
            await session.execute(delete(table))
        root = f"/api/history/objects/zoo.{animal.model.__name__.lower()}"
        for key in keys:
            told = (await api.get(f"{root}/{quote(key, safe='')}")).json()
            assert [one["action"] for one in told["items"]] == ["delete", "add"], (key, told)
        for wrong in ("x", "1;", "a;1\\", "\\"):
            assert (await api.get(f"{root}/{quote(wrong, safe='')}")).status_code == 404
