"""Rows of every key and mapping have links that lead to them, and are shown, edited, deleted and brought back."""

import re
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.database.models import IdMixin
from dovetail.resources.query.keys import write_key
from tests.zoo.animal import Animal, ZooBase
from tests.zoo.back_office.views import own_animals, refusals_of, view_of
from tests.zoo.back_office.visitor import Visitor
from tests.zoo.dump_rows import records

CHANGED_BY_ANY_CHANGE = frozenset({"version", "updated_at"})


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


async def change(visitor: Visitor, animal: Animal) -> None:
    """Change a row in its list, and as one of many, and bring it back by the file that was exported before."""
    before, table = await visitor.stored(), await visitor.open("export/csv/")
    cells = await visitor.cells()
    words = ("5", "6") if cells["row-0-value"][0].isdecimal() else ("other", "another")
    await visitor.save_cells({"row-0-value": [words[0]]})
    found = (await visitor.cells())["row-0-value"]
    if not animal.is_unique:
        await visitor.change_many(cells["row-0-pk"], {"value": [words[1]]})
        found += (await visitor.cells())["row-0-value"]
    if found != list(words[: len(found)]):
        visitor.findings.append(f"{animal.name}: the cell holds {found}, expected {words}")
    await visitor.bring_in("csv", table)
    await visitor.see_as_it_was(before, CHANGED_BY_ANY_CHANGE)


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
        await change(visitor, animal)
        findings += visitor.findings
    assert findings == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_key_that_no_address_can_hold_is_refused_in_one_line(kind):
    refused = {one.name: refusals_of(one) for one in own_animals(kind) if refusals_of(one)}
    assert refused == {
        "key_bytes": ("KeyBytesAdmin: the key 'id' of Digest is of type LargeBinary(), which no address can hold",)
    }


class Sealed(IdMixin, ZooBase):
    """Columns of which the name or a mark says that they hold secrets."""

    __tablename__ = "zoo_sealed"
    title: Mapped[str]
    content_hash: Mapped[str]
    secret_note: Mapped[str]
    note: Mapped[str] = mapped_column(info={"secret": True})


@pytest.mark.parametrize("name", ["content_hash", "secret_note", "note"])
@pytest.mark.parametrize("option", ["list_display", "fields", "list_filter", "search_fields"])
def test_what_holds_a_secret_is_refused_with_the_word_that_allows_a_harmless_name(option, name):
    searches = option == "search_fields"
    options = {"list_display": ("id",), "fields": ("title",), "searches_texts": searches, option: (name,)}
    told = find_problems(type(ModelAdmin)("SealedAdmin", (ModelAdmin,), options, model=Sealed))
    assert any(option in one and f"{name!r}, which is never shown" in one for one in told)
    assert 'remove it, or declare that it is harmless: mapped_column(info={"secret": False})' in told[0]


async def test_what_a_model_refuses_is_a_mistake_of_the_field(office, database, database_kind, tmp_path):
    animal = next(one for one in own_animals(database_kind) if one.name == "validates")
    visitor = Visitor(office, database, "/zoo/validates/", [animal.model.__table__])
    await visitor.fill(tmp_path / "rows", records([animal]))
    assert await visitor.save("1/", {"value": "damn"}) == {"value": "expected no curse"}
    assert visitor.findings == []


async def test_a_dataclass_is_added_by_its_form_though_its_init_asks_for_values(office, database, database_kind):
    animal = next(one for one in own_animals(database_kind) if one.name == "dataclass")
    visitor = Visitor(office, database, "/zoo/dataclass/", [animal.model.__table__])
    assert (await office.submit("/zoo/dataclass/add/", {"value": "new"})).status_code == 303
    await visitor.bring_in("csv", "Value\nbrought\n")
    assert [(one["value"], one["words"]) for one in await visitor.stored()] == [("new", []), ("brought", [])]
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
