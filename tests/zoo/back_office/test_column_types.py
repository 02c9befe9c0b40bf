"""Columns of every type are shown, edited, searched, filtered, exported and imported, deleted and brought back."""

import csv
import re
from collections.abc import Iterable
from io import StringIO

import pytest

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.admin.views import ModelAdmin
from tests.zoo.animal import Json
from tests.zoo.back_office.ark import ARKS, ark_rows, passengers
from tests.zoo.back_office.views import ark_view, refusals
from tests.zoo.back_office.visitor import Visitor

# SQLAlchemy 2.1 warns of its own DOMAIN and JSONPATH once they are compared.
pytestmark = pytest.mark.filterwarnings("ignore:Type object <class 'sqlalchemy:sqlalchemy.exc.SADeprecationWarning")
BYTES = {"large_binary", "blob", "binary", "varbinary", "bytea"}
# Nobody types them; each is refused with a word of what to do.
UNTYPED = BYTES | {"pickle", "point", "money", "regclass", "regconfig"}
# The database is asked, and SQLite told what it does not keep, once all others are right.
UNSURE = {"domain", "jsonpath", "tsquery", "tsvector", "numeric", "float_decimal"}
NONSENSE = ("x", "9" * 40, "-", "NaN", "1e400", "a" * 900, "[", "{}", "2026-13-45", "0001-01-01T00:00:00+02:00")
ALL_COLUMNS = [("csv", "?_columns=import"), ("json", "?_columns=import")]


def shortened(names: Iterable[str]) -> set[str]:
    """Times are typed to the second, and an empty line is no text of a list."""
    return {one for one in names if "time" in one or one in {"array_of_moments", "array_of_texts"}}


def full(rows: list[dict[str, Json]]) -> dict[tuple[int, str], Json]:
    """Return the values by row and column: an empty cell is nothing, and Excel's moments have no microseconds."""
    return {
        (number, name): str(value).replace(".000001", "").replace("'', ", "")
        for number, row in enumerate(rows)
        for name, value in row.items()
        if value not in ("", [], "{}", None)
    }


@pytest.fixture
async def visitor(office, database, database_kind, tmp_path) -> Visitor:
    table = ARKS[database_kind].__table__
    found = Visitor(office, database, "/zoo/ark/", [table])
    await found.fill(tmp_path / "rows", ({"table": table.key, "row": row} for row in ark_rows(database_kind)))
    return found


async def test_a_row_of_every_type_is_shown_and_saved_as_it_is(visitor):
    before = await visitor.stored()
    links = await visitor.links()
    assert len(links) == len(before)
    for link in links:
        for page in ("", "history/"):
            await visitor.open(f"{link}{page}")
        assert await visitor.save(link, {}) == {}
    for word in ("x", "1", "é", "%", "2024-02-29"):
        await visitor.open("", search=word)
    await visitor.see_as_it_was(before)
    assert visitor.findings == []


async def test_a_value_of_every_type_is_filtered_and_typed_as_the_form_has_it(visitor, database_kind):
    view = ark_view(database_kind)
    first, *_, last, empty = await visitor.links()
    form = await visitor.form(last)
    typed = {name: form[name] for name in view.fields if name in form and form[name] != [""]}
    asked = {name: values[0] for name, values in typed.items() if name in view.list_filter and len(values) == 1}
    found = await visitor.open("", **asked, **{f"{name}_op": "equals" for name in asked})
    assert 'aria-label="Select ' in found
    for link in (first, empty):
        assert await visitor.save(link, typed) == {}
    rows = await visitor.stored()
    for name in typed.keys() - shortened(typed):
        assert rows[0][name] == rows[-2][name] == rows[-1][name], name
    assert visitor.findings == []


async def test_nonsense_is_a_mistake_of_its_field_or_a_value(visitor, database_kind):
    fields = ark_view(database_kind).fields
    link = (await visitor.links())[0]
    before = await visitor.form(link)
    for word in NONSENSE:
        told = await visitor.save(link, dict.fromkeys(fields, word))
        assert told.keys() >= {"integer", "uuid", "boolean", "enum", "interval"}, word
        good = [name for name in fields if name not in told]
        unsure = await visitor.save(link, dict.fromkeys(good, word))
        assert unsure.keys() <= UNSURE, word
        good = [name for name in good if name not in unsure]
        assert await visitor.save(link, dict.fromkeys(good, word)) == {}, word
        await visitor.open("")  # whoever reads the value does not fail at it
        await visitor.save(link, {name: before[name] for name in good if name in before})
    assert visitor.findings == []


async def test_all_rows_are_exported_and_a_deleted_one_comes_back(visitor):
    before = await visitor.stored()
    for kind in ("csv", "json", "xlsx"):
        await visitor.open(f"export/{kind}/")
    table = list(csv.reader(StringIO(await visitor.open("export/csv/"))))
    assert len(table) == len(before) + 1
    done = await visitor.office.post("/zoo/ark/delete/", {"pks": ["1"], "confirmed": "yes"})
    assert (done.status_code, len(await visitor.stored())) == (303, len(before) - 1)
    change = re.findall(r'name="change" value="(\d+)"', await visitor.open("1/history/"))[0]
    undone = await visitor.office.submit("/zoo/ark/1/history/", {"change": change})
    assert undone.status_code == 303, undone.text
    await visitor.see_as_it_was(before)
    assert visitor.findings == []


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_an_export_of_every_type_is_the_same_file_with_and_without_objects(
    visitor, database_kind, kind, monkeypatch
):
    async def by_objects(view, obj, name):
        return await ModelAdmin.get_prop_value(view, obj, name)

    plain = (await visitor.office.get(f"/zoo/ark/export/{kind}/")).content
    monkeypatch.setattr(ark_view(database_kind), "get_prop_value", by_objects)
    assert (await visitor.office.get(f"/zoo/ark/export/{kind}/")).content == plain


@pytest.mark.parametrize(("kind", "query"), [("csv", ""), ("json", ""), ("xlsx", ""), *ALL_COLUMNS])
async def test_an_export_of_every_type_is_imported_again(visitor, database_kind, kind, query):
    before = full(await visitor.stored())
    file = await visitor.office.get(f"/zoo/ark/export/{kind}/{query}")
    cells = await visitor.cells()
    others = {
        name: cells[f"row-3-{name}"] for name in ark_view(database_kind).bulk_editable if f"row-3-{name}" in cells
    }
    await visitor.change_many(["1", "2", "3"], others)
    assert full(await visitor.stored()) != before
    await visitor.bring_in(kind, file.content)
    assert visitor.findings == []
    after = full(await visitor.stored())
    assert [name for name in before if before[name] != after[name]] == []
    assert visitor.findings == []


async def test_cells_of_every_type_are_changed_in_a_list_and_by_the_many(visitor, database_kind):
    view = ark_view(database_kind)
    cells = await visitor.cells()
    in_list = [name for name in view.list_editable if f"row-0-{name}" in cells and f"row-1-{name}" in cells]
    assert len(in_list) > len(view.list_editable) * 0.9
    await visitor.save_cells({f"row-0-{name}": cells[f"row-1-{name}"] for name in in_list})
    others = {name: typed for name in view.bulk_editable if any(typed := cells.get(f"row-1-{name}", ()))}
    await visitor.change_many(["3", "4"], others)
    rows = await visitor.stored()
    for name in others.keys() - shortened(others):
        assert rows[0][name] == rows[1][name] == rows[2][name] == rows[3][name], name
    assert visitor.findings == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("name", ["jsonpath", "tsquery", "tsvector"])
async def test_what_postgresql_alone_finds_wrong_is_refused_in_cells_and_for_many(visitor, name):
    before = await visitor.stored()
    cells = await visitor.cells() | {f"row-0-{name}": ["'"]}
    in_list = await visitor.office.post(visitor.root, cells)
    page = await visitor.office.post(f"{visitor.root}bulk/", {"pks": ["1", "2"]})
    form = {**read_form(page.text), name: ["'"], "change": [name]}
    for_many = await visitor.office.post(f"{visitor.root}bulk/", form)
    assert (in_list.status_code, for_many.status_code) == (422, 409)
    for answer in (in_list, for_many):
        assert "The database takes this for no value of its type." in answer.text
    await visitor.see_as_it_was(before)
    assert visitor.findings == []


@pytest.mark.parametrize("kind", ARKS)
def test_what_cannot_be_typed_is_refused_with_what_to_do(kind):
    refused: dict[str, Json] = {one.name: refusals(kind, "fields", one.name) for one in passengers(kind)}
    assert {name for name, told in refused.items() if told} == UNTYPED & refused.keys()
    for told in filter(None, refused.values()):
        assert "remove it, or give formfield_overrides" in told[0]
