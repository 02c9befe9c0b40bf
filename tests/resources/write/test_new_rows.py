"""New rows are no reason to add them: neither with a PUT, nor as nested rows, nor if they are asked about in turn."""

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import aliased

from dovetail.resources.declaration.declared import ADD
from dovetail.resources.write.own_tables.checks import refused_rows
from tests.guarded.policies import Numbered
from tests.orders.fixtures import app, orders_url  # noqa: F401 - fixtures
from tests.orders.models import Line, Order, Stock
from tests.orders.policies import Lines, Owned

SHELF, LINE = aliased(Stock), aliased(Line)
ON_A_SHELF_NEARBY = select(SHELF.place).where(SHELF.place == Stock.place, SHELF.owner == Stock.owner).exists()
OF_A_FILLED_ORDER = select(LINE.sku).where(LINE.order_id == Line.order_id).exists()


def follow(monkeypatch, policy: type[Numbered], rule: ColumnElement[bool]) -> None:
    """Let all rows be viewed and changed, and added as the rule says."""
    monkeypatch.setattr(policy, "where", lambda _self, _viewer, action: rule if action == "add" else true())
    monkeypatch.setattr(Numbered, "viewer_values", lambda *_: None)  # nothing is remembered of the other rule


async def test_rows_that_a_put_makes_do_not_allow_themselves_or_each_other(owner, session, monkeypatch):
    session.add(Stock(place="rome", shelf=1001))
    await session.commit()
    follow(monkeypatch, Owned, ON_A_SHELF_NEARBY)
    for place, status in (("oslo", 403), ("rome", 201)):
        assert (await owner.put(f"/api/shelves/{place};1002", json={})).status_code == status, place
    for place, status in (("oslo", 403), ("rome", 200)):
        items = [{"place": place, "shelf": shelf} for shelf in (1003, 1004)]
        answer = await owner.put("/api/shelves/bulk", json={"items": items})
        assert answer.status_code == status, (place, answer.text)
    assert set(await session.scalars(select(Stock.place))) == {"rome"}


async def test_nested_rows_do_not_allow_themselves_or_each_other(owner, session, monkeypatch):
    order = Order(id=1001, number="A1", lines=[Line(sku="pen")])
    session.add(order)
    await session.commit()
    follow(monkeypatch, Lines, OF_A_FILLED_ORDER)
    lines = [{"sku": "pen"}, {"sku": "ink"}, {"sku": "nib"}]
    assert (await owner.patch("/api/orders/1001", json={"lines": lines})).status_code == 200
    for some in (lines, lines[:1]):
        answer = await owner.post("/api/orders", json={"number": "A2", "lines": some})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (403, "/lines/0")
    assert list(await session.scalars(select(Order.number))) == ["A1"]


async def test_rows_of_one_transaction_that_are_asked_about_in_turn_do_not_allow_each_other(database):
    async def refused(shelf: int) -> list[object]:
        session.add(Stock(place="rome", shelf=shelf))
        await session.flush()
        return await refused_rows(session, Stock, ADD, ON_A_SHELF_NEARBY, [("rome", shelf)])

    async with database.unit_of_work() as session:
        assert await refused(1001) == [("rome", 1001)]
        assert await refused(1002) == [("rome", 1002)]
    async with database.unit_of_work() as session:
        assert await refused(1003) == []  # those of the other transaction are old ones
