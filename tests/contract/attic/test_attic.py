"""Foreign keys that share a column, a tree known by a text that the database makes, its view, and taken names."""

import pytest

from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.views import TabularInline
from tests.contract.attic.admin import DealAdmin
from tests.contract.attic.api import FREE
from tests.contract.attic.models import Deal, Part

# The choice that was made, and what it does not fit.
TOLD = "These values do not go together: Product, Deal."


@pytest.fixture
async def parts(client):
    """Two tenants, each with two products, and a deal with parts."""
    for tenant in ("a", "b"):
        for number in (1, 2):
            body = {"tenant": tenant, "number": number, "name": f"{tenant}{number}"}
            assert (await client.post("/api/attic/products", json=body)).status_code == 201
        deal = {"tenant": tenant, "number": 1, "parts": [{"line": 1}, {"line": 9, "amount": 5}]}
        assert (await client.post("/api/attic/deals", json=deal)).status_code == 201


async def listed(client, address: str, *names: str) -> list[tuple[object, ...]]:
    answer = await client.get(f"/api/attic/{address}")
    assert answer.status_code == 200, answer.text
    return [tuple(row[name] for name in names) for row in answer.json()["items"]]


@pytest.mark.usefixtures("parts")
async def test_foreign_keys_that_share_a_column_never_move_a_row_by_the_way(client, office):
    lost = {"tenant": "b", "deal_number": 1, "line": 2, "product_number": 7}
    assert (await client.post("/api/attic/parts", json=lost)).status_code == 409
    changed = await client.patch("/api/attic/parts/b;1;9", json={"product_number": 1})
    assert changed.json()["product"] == {"name": "b1"}
    assert await listed(client, "parts?product__name=b1", "tenant", "line") == [("b", 9)]
    assert await listed(client, "deals?parts__product__name=b1", "tenant", "number") == [("b", 1)]
    names = ("tenant", "deal_number", "line", "product_number")

    refused = await office.submit("/attic/part/b;1;9/change/", {"product": "a;2"})
    assert (refused.status_code, TOLD in refused.text) == (422, True)
    refused = await office.submit("/attic/stockedpart/b;1;9/change/", {"product": "a;2"})  # whose form has no deal
    assert (refused.status_code, TOLD in refused.text) == (422, True)
    assert ("b", 1, 9, 1) in await listed(client, "parts", *names)
    assert (await office.submit("/attic/part/b;1;9/change/", {"product": "b;2"})).status_code == 303
    both = {"deal": "b;1", "line": "3", "product": "b;1"}
    assert (await office.submit("/attic/part/a;1;9/change/", both)).status_code == 303
    assert {("b", 1, 9, 2), ("b", 1, 3, 1)} <= set(await listed(client, "parts", *names))
    # The cell that leads to a row is called as other cells are.
    page = (await office.get("/attic/part/", product__name="b2", product__name_op="equals")).text
    assert "Deal b;1" in page
    assert "object at 0x" not in page
    assert (await office.submit("/attic/deal/b;1/change/", {"part-0-amount": "8"})).status_code == 303
    assert 8 in [amount for (amount,) in await listed(client, "parts", "amount")]


@pytest.mark.usefixtures("parts")
async def test_a_relation_that_shares_a_required_column_is_left_empty_and_emptied_where_its_own_column_may_be(
    client, office
):
    names = ("tenant", "deal_number", "line", "product_number")
    made = await office.submit("/attic/part/add/", {"deal": "a;1", "line": "4", "product": ""})
    assert made.status_code == 303, made.text
    for path in ("/attic/part/a;1;4/change/", "/attic/stockedpart/a;1;4/change/"):
        for product, number in (("a;2", 2), ("", None)):
            answer = await office.submit(path, {"product": product})
            assert answer.status_code == 303, answer.text
            assert ("a", 1, 4, number) in await listed(client, "parts", *names)
    assert (await office.submit("/attic/part/add/", {"deal": "", "line": "5"})).status_code == 400  # is required


def test_an_inline_names_the_column_that_a_relation_shares_with_the_object_of_the_form():
    options = {"fields": ("line", "product"), "form_include_pk": True, "autocomplete_fields": ("product",)}
    inline = type(TabularInline)("PartInline", (TabularInline,), options, model=Part)
    view = type(DealAdmin)("DealAdmin", (DealAdmin,), {"inlines": (inline,)}, model=Deal)
    (said,) = find_problems(view)
    assert "fields names 'product', which shares 'tenant' with the object of the form; remove it" in said


async def test_a_tree_and_a_view_of_it_are_known_by_a_text_that_the_database_makes(client, office):
    root = (await client.post("/api/attic/branches", json={"name": "root"})).json()["code"]
    items = [{"name": name, "parent_code": root} for name in ("x", "y")]
    assert (await client.post("/api/attic/branches/bulk", json={"items": items})).status_code == 201
    assert (await office.submit("/attic/branch/add/", {"name": "z", "parent": root})).status_code == 303
    for query, names in {
        "parent__name=root&ordering=-name": "zyx",
        "children__name=x": ["root"],
        "ordering=-parent__name,name": ["root", *"xyz"],
    }.items():
        assert [name for (name,) in await listed(client, f"branches?{query}", "name")] == list(names), query
    assert await listed(client, "sums?parent__name=root", "amount", "parent") == [(3, {"name": "root"})]
    for page, found in (("branch", ">x<"), ("sum", ">3<")):
        assert found in (await office.get(f"/attic/{page}/", parent=root)).text.replace(" ", "").replace("\n", "")
    assert (await office.submit(f"/attic/branch/{root}/delete/", {})).status_code == 303
    assert await listed(client, "branches?ordering=name", "name", "parent_code") == [(name, None) for name in "xyz"]


@pytest.mark.parametrize("road", ["fast", "usual"])
async def test_columns_may_be_called_as_parameters_and_attributes_of_libraries(client, office):
    body = {name: str(number) for number, name in enumerate(FREE)}
    made = (await client.post("/api/attic/taken", json=body)).json()
    assert made == {"id": made["id"], **body}
    for name in FREE:
        if name not in {"limit", "search"}:
            query = f"{name}={body[name]}&ordering=-{name}&fields={name}"
            assert await listed(client, f"taken?{query}", name) == [(body[name],)]
    changed = dict.fromkeys(("self", "pk", "model", "data", "request", "items"), "new")
    assert (await client.patch(f"/api/attic/taken/{made['id']}", json=changed)).json() == made | changed
    items = [{"id": made["id"], "self": "newer", "items": "newer"}]
    assert (await client.patch("/api/attic/taken/bulk", json={"items": items})).json()["items"][0]["self"] == "newer"
    sent = {"self": "form", "request": "form", "csrf_token_": "form", "pk": "form", "data": "form"}
    assert (await office.submit(f"/attic/taken/{made['id']}/change/", sent)).status_code == 303
    assert await listed(client, "taken", "self", "request", "pk", "data", "model") == [(*["form"] * 4, "new")]
