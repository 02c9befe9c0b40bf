"""Objects in a body that are rows of their own, on both roads and both databases."""

# ruff: noqa: F811 - fixtures

import pytest
from sqlalchemy import func, select

from dovetail.api.schemas import Schema
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from tests.orders.fixtures import app, orders_url  # noqa: F401 - fixtures
from tests.orders.models import Address, Crate, Invoice, Line, Order, Packed, Remark

FULL = {
    "number": "A1",
    "address": {"street": "Via Appia"},
    "lines": [{"sku": "pen", "amount": 2}, {"sku": "ink"}],
    "crates": [{"code": "C1", "weight": 3, "items": [{"sku": "pen"}, {"sku": "ink"}]}, {"code": "C2", "weight": 1}],
    "invoice": {"total": 7},
    "remarks": [{"text": "soon"}],
}


async def made(client, **fields):
    answer = await client.post("/api/orders", json=FULL | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def without_ids(found):
    if isinstance(found, dict):
        return {name: without_ids(value) for name, value in found.items() if name != "id"}
    return [without_ids(one) for one in found] if isinstance(found, list) else found


def pointers(answer):
    return [(one["pointer"], one["type"]) for one in answer.json()["errors"]]


async def counts(session):
    models = (Order, Address, Line, Crate, Packed, Invoice, Remark)
    found = [await session.scalar(select(func.count()).select_from(model)) for model in models]
    await session.rollback()  # on SQLite one transaction at a time writes
    return found


async def test_a_row_is_made_with_all_that_belongs_to_it(owner, client, session):
    found = await made(owner)
    assert without_ids(found) == {
        "number": "A1",
        "owner": 1,
        "address": {"street": "Via Appia", "city": "Rome"},
        "lines": [{"sku": "ink", "amount": 1, "note": None}, {"sku": "pen", "amount": 2, "note": None}],
        "crates": [
            {"code": "C1", "weight": 3, "items": [{"sku": "pen"}, {"sku": "ink"}]},
            {"code": "C2", "weight": 1, "items": []},
        ],
        "invoice": {"total": 7},
        "remarks": [{"text": "soon"}],
    }
    assert (await client.get(f"/api/orders/{found['id']}")).json() == found
    assert await counts(session) == [1, 1, 2, 2, 2, 1, 1]
    bare = await owner.post("/api/orders", json={"number": "A2"})
    assert without_ids(bare.json()) == {"number": "A2", "owner": 1, "address": None, "invoice": None} | {
        name: [] for name in ("lines", "crates", "remarks")
    }


async def test_what_a_change_names_is_all_that_there_is_and_what_it_leaves_out_stays(owner, client, session):
    found = await made(owner)
    url, first = f"/api/orders/{found['id']}", found["crates"][0]
    changed = await owner.patch(url, json={
        "crates": [{"id": first["id"], "weight": 4, "items": [{"id": first["items"][1]["id"]}, {"sku": "cap"}]},
                   {"code": "C3", "weight": 9}],
        "lines": [{"sku": "pen", "amount": 5}, {"sku": "cup"}],
        "address": {"city": "Bern"},
    })  # fmt: skip
    assert changed.status_code == 200, changed.text
    after = changed.json()
    assert (await client.get(url)).json() == after
    assert [one["code"] for one in after["crates"]] == ["C1", "C3"]
    assert after["crates"][0] == {
        "id": first["id"], "code": "C1", "weight": 4,
        "items": [first["items"][1], after["crates"][0]["items"][1]],
    }  # fmt: skip
    assert after["crates"][0]["items"][1]["sku"] == "cap"
    assert without_ids(after["lines"]) == [
        {"sku": "cup", "amount": 1, "note": None}, {"sku": "pen", "amount": 5, "note": None}
    ]  # fmt: skip
    assert after["address"] == found["address"] | {"city": "Bern"}
    assert (after["invoice"], after["remarks"], after["number"]) == (found["invoice"], found["remarks"], "A1")
    emptied = await owner.patch(url, json={"crates": [], "lines": [], "invoice": None, "remarks": [], "address": None})
    assert emptied.status_code == 200, emptied.text
    assert await counts(session) == [1, 1, 0, 0, 0, 0, 1]  # an address is nobody's, and a remark stays by itself
    renewed = await owner.patch(url, json={"invoice": {"total": 1}, "address": {"street": "Corso"}})
    again = await owner.patch(url, json={"invoice": {"total": 2}, "address": {"street": "Piazza"}})
    assert (again.json()["invoice"]["id"], again.json()["invoice"]["total"]) == (renewed.json()["invoice"]["id"], 2)
    assert (again.json()["address"]["id"], again.json()["address"]["street"]) == (
        renewed.json()["address"]["id"], "Piazza"
    )  # fmt: skip


async def test_a_replacement_has_the_defaults_of_what_it_leaves_out(owner):
    order = (await owner.post("/api/declared", json={"number": "A1", "rows": [{"sku": "pen", "amount": 2}]})).json()
    url = f"/api/declared/{order['id']}"
    assert order["lines"] == [{"sku": "pen", "amount": 2}]
    kept = await owner.patch(url, json={"rows": [{"sku": "pen"}]})
    assert kept.json()["lines"] == [{"sku": "pen", "amount": 2}]
    whole = await owner.put(url, json={"number": "A2", "rows": [{"sku": "pen"}, {"sku": "ink", "amount": 3}]})
    assert whole.json()["lines"] == [{"sku": "ink", "amount": 3}, {"sku": "pen", "amount": 1}]
    assert (await owner.put(url, json={"number": "A3"})).json()["lines"] == []
    many = await owner.put(url, json={"number": "A3", "rows": [{"sku": str(n)} for n in range(4)]})
    assert (many.status_code, many.json()["errors"][0]["pointer"]) == (422, "/rows")
    longest = await owner.patch(url, json={"rows": [{"sku": "x" * 21}]})
    assert (longest.status_code, longest.json()["errors"][0]["pointer"]) == (422, "/rows/0/sku")
    twice = await owner.patch(url, json={"rows": [{"sku": "pen"}, {"sku": "pen"}]})
    assert twice.status_code == 409


async def test_errors_point_into_the_body_and_nothing_is_changed(owner, session):
    found = await made(owner)
    other = await made(owner, number="A2", crates=[{"code": "C9", "weight": 1}])
    url, before = f"/api/orders/{found['id']}", await counts(session)
    first = found["crates"][0]["id"]
    sent = [
        ({"crates": [{"id": first}, {"code": "C5"}]}, 422, "/crates/1/weight"),
        ({"crates": [{"id": first}, {"id": other["crates"][0]["id"]}]}, 422, "/crates/1/id"),
        ({"crates": [{"id": 10**9}]}, 422, "/crates/0/id"),
        ({"crates": [{"id": first}, {"id": first}]}, 422, "/crates/1"),
        ({"crates": [{"id": first, "weight": "x"}]}, 422, "/crates/0/weight"),
        ({"crates": [{"id": first, "weight": 31}]}, 422, "/crates/0/weight"),
        (
            {"crates": [{"id": first}, {"code": "C6", "weight": 1}, {"code": "C7", "weight": 31}]},
            422,
            "/crates/2/weight",
        ),
        ({"crates": [{"id": first, "items": [{"sku": "x" * 21}]}]}, 422, "/crates/0/items/0/sku"),
        ({"crates": [{"id": first, "items": [{"id": 10**9}]}]}, 422, "/crates/0/items/0/id"),
        ({"crates": [{"id": first, "nothing": 1}]}, 422, "/crates/0/nothing"),
        ({"crates": None}, 422, "/crates"),
        ({"crates": [{"id": first}, {"code": "C6", "weight": 1}, {"code": "C9", "weight": 1}]}, 409, "/crates/2/code"),
        ({"crates": [{"id": first, "code": "C9"}]}, 409, "/crates/0/code"),
        ({"lines": [{"sku": "pen", "order_id": 3}]}, 422, "/lines/0/order_id"),
        ({"address": {"id": 10**9, "street": "x"}}, 422, "/address/id"),
        ({"invoice": {"total": None}}, 422, "/invoice/total"),
        ({"lines": [{"sku": str(n)} for n in range(101)]}, 422, "/lines"),
    ]
    for body, status, pointer in sent:
        answer = await owner.patch(url, json={"number": "changed", **body})
        assert answer.status_code == status, (body, answer.text)
        assert answer.json()["errors"][0]["pointer"].startswith(pointer), (body, answer.text)
    assert (await owner.get(url)).json() == found
    assert await counts(session) == before
    for body, pointer in (
        ({"crates": [{"code": "C1", "weight": 1}]}, "/crates/0/code"),
        ({"lines": [{}]}, "/lines/0/sku"),
    ):
        answer = await owner.post("/api/orders", json={"number": "B1", **body})
        assert answer.json()["errors"][0]["pointer"].startswith(pointer), answer.text
    assert await counts(session) == before


async def test_the_policy_of_each_model_is_asked_for_its_rows(owner, stranger, staff, client):
    found = await made(owner, lines=[{"sku": "pen"}])
    url = f"/api/orders/{found['id']}"

    async def refused(body, pointer, by=owner):
        answer = await by.patch(url, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (403, pointer), (body, answer.text)

    assert (await stranger.patch(url, json={"lines": []})).status_code == 403
    await refused({"lines": [{"sku": "pen"}, {"sku": "gold"}]}, "/lines/1")
    await refused({"lines": [{"sku": "pen", "amount": 100}]}, "/lines/0")
    await refused({"lines": [{"sku": "pen", "note": "x"}]}, "/lines/0/note")
    assert (
        await staff.patch(url, json={"lines": [{"sku": "pen", "amount": 100, "note": "x"}, {"sku": "gold"}]})
    ).status_code == 200
    same = {"lines": [{"sku": "pen", "amount": 100, "note": "x"}, {"sku": "gold"}, {"sku": "ink"}]}
    assert (await owner.patch(url, json=same)).status_code == 200  # what stays as it is needs no permission
    await refused({"lines": [{"sku": "pen", "amount": 99}, {"sku": "gold"}]}, "/lines/0")
    await refused({"lines": [{"sku": "pen"}, {"sku": "ink"}]}, "/lines")
    refusal = await owner.post("/api/orders", json={"number": "A3", "lines": [{"sku": "gold"}]})
    assert (refusal.status_code, refusal.json()["detail"]) == (403, "You may not add this line.")
    assert (await client.get("/api/orders?count=true")).json()["total"] == 1


async def test_a_token_with_scopes_writes_what_its_scopes_say_within_a_body_too(owner, client):
    found = await made(owner, lines=[{"sku": "pen"}])
    url = f"/api/orders/{found['id']}"
    order = "orders.add_order orders.change_order"

    async def sent(body, scopes, method="PATCH"):
        url_of = url if method == "PATCH" else "/api/orders"
        headers = {"X-Scopes": f"{order} {scopes}"}
        answer = await owner.request(method, url_of, json=body, headers=headers)
        return answer.status_code, [place for place, _ in pointers(answer)] if answer.is_error else []

    for method, body in (("POST", {"number": "A2", "lines": [{"sku": "pen"}]}), ("PATCH", {"lines": [{"sku": "ink"}]})):
        refused = await sent(body, "", method)
        assert refused[0] == 403, (method, refused)
    assert await sent({"lines": [{"sku": "pen", "amount": 3}]}, "orders.add_line") == (403, ["/lines/0"])
    assert await sent({"lines": [{"sku": "pen", "amount": 3}]}, "orders.change_line") == (200, [])
    assert await sent({"lines": []}, "orders.change_line") == (403, ["/lines"])
    assert await sent({"lines": [{"sku": "ink"}]}, "orders.add_line orders.delete_line") == (200, [])
    assert (await client.get("/api/orders?count=true")).json()["total"] == 1


async def test_rows_that_are_not_seen_stay_and_cannot_be_named(owner, staff, session):
    found = await made(owner, lines=[{"sku": "pen"}])
    session.add(Line(order_id=found["id"], sku="secret", is_secret=True))
    await session.commit()
    url = f"/api/orders/{found['id']}"
    changed = await owner.patch(url, json={"lines": [{"sku": "ink"}]})
    assert [one["sku"] for one in changed.json()["lines"]] == ["ink"]
    assert [one["sku"] for one in (await staff.get(url)).json()["lines"]] == ["ink", "secret"]
    assert (await owner.patch(url, json={"lines": [{"sku": "secret"}]})).status_code == 409
    assert (await staff.patch(url, json={"lines": []})).json()["lines"] == []


async def test_a_change_within_gives_the_row_a_new_version(owner):
    found = await owner.post("/api/orders", json=FULL)
    url, tag = f"/api/orders/{found.json()['id']}", found.headers["ETag"]
    crate = found.json()["crates"][0]
    same = await owner.patch(url, json={"crates": found.json()["crates"]}, headers={"If-Match": tag})
    assert (same.status_code, same.headers["ETag"]) == (200, tag)
    body = {"crates": [crate | {"weight": 8}]}
    changed = await owner.patch(url, json=body, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"].partition("-")[0] != tag.partition("-")[0]
    assert (await owner.patch(url, json=body, headers={"If-Match": tag})).status_code == 412


async def test_many_rows_are_written_with_theirs_at_once(owner, client, session):
    items = [
        FULL | {"number": f"A{n}", "crates": [{"code": f"C{n}", "weight": 1, "items": [{"sku": "x"}]}]}
        for n in range(3)
    ]
    answer = await owner.post("/api/orders/bulk", json={"items": items})
    assert answer.status_code == 201, answer.text
    assert [one["crates"][0]["code"] for one in answer.json()["items"]] == ["C0", "C1", "C2"]
    before = await counts(session)
    bad = [
        items[0] | {"number": "A7", "crates": []},
        items[1] | {"number": "A8", "crates": [{"code": "C0", "weight": 1}]},
    ]
    refused = await owner.post("/api/orders/bulk", json={"items": bad})
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (
        409,
        ["/items/1/crates/0/code"],
    )
    changes = [{"id": one["id"], "lines": [{"sku": "pen", "amount": 9}]} for one in answer.json()["items"]]
    changed = await owner.patch("/api/orders/bulk", json={"items": changes})
    assert changed.status_code == 200, changed.text
    assert [one["lines"] for one in changed.json()["items"]] == [[{"sku": "pen", "amount": 9, "note": None}]] * 3
    changes[2]["crates"] = [{"id": 10**9}]
    refused = await owner.patch("/api/orders/bulk", json={"items": changes})
    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (
        422,
        ["/items/2/crates/0/id"],
    )
    assert await counts(session) == [before[0], before[1], 3, *before[3:]]


async def test_statements_grow_with_the_tables_and_not_with_the_rows(staff, count_statements):
    async def costs(method, url, body):
        with count_statements() as statements:
            answer = await staff.request(method, url, json=body)
        assert answer.is_success, answer.text
        return [one.split()[0] for one in statements], answer.json() if answer.content else None

    async def of(count):
        lines = [{"sku": f"sku {number}"} for number in range(count)]
        remarks = [{"text": f"remark {number}"} for number in range(count)]
        made, found = await costs("POST", "/api/noted", {"number": f"A{count}", "lines": lines, "remarks": remarks})
        url = f"/api/noted/{found['id']}"
        lines = [one | {"amount": number} for number, one in enumerate(lines[1:], 5)] + [{"sku": "new"}, {"sku": "two"}]
        remarks = [one | {"text": f"{one['text']}!"} for one in found["remarks"][1:]] + [{"text": "x"}, {"text": "y"}]
        changed, _ = await costs("PATCH", url, {"lines": lines, "remarks": remarks})
        plain, _ = await costs("PATCH", url, {"number": f"B{count}"})
        await costs("DELETE", url, None)
        return made, changed, plain

    few = await of(3)
    assert few == await of(9)
    assert few[0] == [
        "INSERT",
        *("SAVEPOINT", "INSERT", "RELEASE") * 2,
        "WITH",
    ]  # three tables, and the answer


async def test_many_rows_that_others_refer_to_are_written_by_as_few_statements_as_one(staff, count_statements):
    async def costs(method, bodies):
        with count_statements() as statements:
            answer = await staff.request(method, "/api/orders/bulk", json={"items": bodies})
        assert answer.is_success, answer.text
        return [one.split()[0] for one in statements], answer.json()["items"]

    async def of(count):
        new = [{"number": f"{count}.{n}", "address": {"street": f"{n} Corso"}} for n in range(count)]
        made, found = await costs("POST", new)
        assert [one["address"]["street"] for one in found] == [one["address"]["street"] for one in new]
        moved = [{"id": one["id"], "address": {"street": f"{n} Via"}} for n, one in enumerate(found)]
        changed, after = await costs("PATCH", moved)
        assert [one["address"] for one in after] == [
            one["address"] | {"street": f"{n} Via"} for n, one in enumerate(found)
        ]
        return made, changed

    assert await of(3) == await of(9)


async def test_bodies_change_a_row_that_they_share_one_after_the_other(owner, session):
    address = Address(street="Corso")
    session.add(address)
    await session.flush()
    orders = [Order(number=f"A{n}", address_id=address.id) for n in range(2)]
    session.add_all(orders)
    await session.flush()
    key, ids = address.id, [one.id for one in orders]
    await session.commit()

    async def moved(*streets):
        items = [{"id": one, "address": {"street": street}} for one, street in zip(ids, streets, strict=True)]
        answer = await owner.patch("/api/orders/bulk", json={"items": items})
        assert answer.status_code == 200, answer.text
        return [one["address"] for one in answer.json()["items"]]

    for streets in (("Via", "Via"), ("Via", "Piazza"), ("Piazza", "Corso")):
        assert await moved(*streets) == [{"id": key, "street": streets[1], "city": "Rome"}] * 2


async def test_a_request_that_comes_again_makes_nothing_twice(owner, session):
    answers = [await owner.post("/api/orders", json=FULL, headers={"Idempotency-Key": "1"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await counts(session) == [1, 1, 2, 2, 2, 1, 1]


async def test_rows_behind_a_key_of_two_columns_are_written_too(owner):
    body = {"place": "rome", "shelf": 1, "counts": [{"found": 3}, {"found": 4}]}
    stock = await owner.post("/api/stocks", json=body)
    assert stock.status_code == 201, stock.text
    assert sorted(one["found"] for one in stock.json()["counts"]) == [3, 4]
    kept = stock.json()["counts"][0]
    changed = await owner.patch("/api/stocks/rome;1", json={"counts": [kept | {"found": 5}]})
    assert changed.json()["counts"] == [kept | {"found": 5}]


async def test_the_schemas_of_each_of_several_resources_of_a_model_are_called_as_it_is(app):
    names = app.openapi()["components"]["schemas"].keys()
    titles = ("Order", "Noted", "Numbered", "Stock", "Shelf")
    made = {f"{title}{kind}" for title in titles for kind in ("Read", "Create")}
    assert made | {"OrderCratesItemsUpdate", "NotedLinesRead", "AddressedOrderAddressRead", "DeclaredItems"} <= names
    assert [name for name in names if "_" in name] == []


def test_what_cannot_be_nested_is_refused_at_start():
    class LineWrite(Schema):
        sku: str
        order_id: int

    class OrderCreate(Schema):
        number: str
        lines: list[LineWrite] = []  # noqa: RUF012 - pydantic copies it

    class OneLine(Schema):
        number: str
        lines: LineWrite

    class Strange(Schema):
        colour: str

    class StrangeOrder(Schema):
        number: str
        lines: list[Strange] = []  # noqa: RUF012 - as above

    def refused(match, **options):
        with pytest.raises(ConfigurationError, match=match):
            Resource(model=Order, policy=Open(), **{"fields": ("number",)} | options)

    refused("nested names 'linse', expected a relation of Order", nested=("linse",))
    refused("nested names 'lines', and fields has nothing of it", nested=("lines",))
    refused("fields has to have 'lines.sku'", nested=("lines",), fields=("number", "lines.amount"))
    refused("nested names 'crates.items' and not 'crates'", nested=("crates.items",))
    lines = {"nested": ("lines",), "fields": ("number", "lines.sku")}
    refused("LineWrite has order_id, which the row around it gives", create=OrderCreate, **lines)
    refused("OneLine.lines holds rows of a relation, expected a list of a schema", create=OneLine, **lines)
    refused("Strange.colour is not a column of Line", create=StrangeOrder, **lines)
    refused("has address_id and address", nested=("address",), fields=("number", "address_id", "address.street"))
