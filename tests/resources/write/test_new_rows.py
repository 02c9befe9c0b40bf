"""What is written is no reason to allow it: with a PUT, as nested rows, and where rows are asked about in turn."""

import pytest
from sqlalchemy import ColumnElement, insert, inspect, select, true, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import aliased

from dovetail.database.drivers.sqlalchemy_private_statements import cache_key
from dovetail.errors import ConflictError
from dovetail.resources.declaration.declared import ADD, CHANGE
from dovetail.resources.write.own_tables.checks import refused_rows
from dovetail.resources.write.own_tables.earlier import MOST_VALUES, Earlier, forget_rows, keep_rows
from tests.guarded.policies import Numbered
from tests.orders.fixtures import app, orders_url  # noqa: F401 - fixtures
from tests.orders.models import Line, Order, Stock
from tests.orders.policies import Lines, Owned

SHELF, LINE = aliased(Stock), aliased(Line)
AS_MANY_AS_ON_ANOTHER = select(SHELF.place).where(SHELF.amount == Stock.amount, SHELF.owner == Stock.owner).exists()
AS_MANY_AS_IN_ANOTHER = select(LINE.sku).where(LINE.amount == Line.amount).exists()
ON_A_SHELF_NEARBY = select(SHELF.place).where(SHELF.place == Stock.place, SHELF.owner == Stock.owner).exists()
OF_A_FILLED_ORDER = select(LINE.sku).where(LINE.order_id == Line.order_id).exists()


def follow(monkeypatch, policy: type[Numbered], rule: ColumnElement[bool], asked: str = ADD) -> None:
    """Let everything be done to all rows, but the action `asked` as the rule says."""
    monkeypatch.setattr(policy, "where", lambda _self, _viewer, action: rule if action == asked else true())
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


async def test_rows_that_a_put_changes_do_not_allow_themselves_or_each_other(owner, session, monkeypatch):
    session.add_all(Stock(place="rome", shelf=shelf) for shelf in (1001, 1002))
    await session.commit()
    follow(monkeypatch, Owned, AS_MANY_AS_ON_ANOTHER, CHANGE)
    items = [{"place": "rome", "shelf": shelf, "amount": 5} for shelf in (1001, 1002)]
    for status in (403, 200):
        assert (await owner.put("/api/shelves/rome;1001", json={"amount": 5})).status_code == status
        answer = await owner.put("/api/shelves/bulk", json={"items": items})
        assert answer.status_code == status, answer.text
        assert set(await session.scalars(select(Stock.amount))) == ({0} if status == 403 else {5})
        if status == 403:
            session.add(Stock(place="rome", shelf=1003, amount=5))
        await session.commit()


async def test_nested_rows_that_are_changed_do_not_allow_themselves_or_each_other(owner, session, monkeypatch):
    session.add(Order(id=1001, number="A1", lines=[Line(sku="ink"), Line(sku="pen")]))
    session.add(Order(id=1002, number="A2", lines=[Line(sku="nib", amount=2)]))
    await session.commit()
    follow(monkeypatch, Lines, AS_MANY_AS_IN_ANOTHER, CHANGE)
    for amount, status in ((3, 403), (2, 200)):
        for skus in (("pen",), ("ink", "pen")):
            lines = [{"sku": sku, "amount": amount if sku in skus else 1} for sku in ("ink", "pen")]
            answer = await owner.patch("/api/orders/1001", json={"lines": lines})
            assert answer.status_code == status, answer.text
            assert status == 200 or answer.json()["errors"][0]["pointer"] == f"/lines/{2 - len(skus)}"


async def test_a_row_that_was_new_or_changed_in_a_transaction_stays_as_it_was(database):
    async with database.unit_of_work() as session:
        session.add(Stock(place="rome", shelf=1001))
        await session.flush()
    async with database.unit_of_work() as session:
        await keep_rows(session, Stock, AS_MANY_AS_ON_ANOTHER, [("rome", 1001)])
        for amount in (1, 2):
            await session.execute(update(Stock).values(amount=amount))
            await keep_rows(session, Stock, AS_MANY_AS_ON_ANOTHER, [("rome", 1001)])
            asked = session, Stock, CHANGE, AS_MANY_AS_ON_ANOTHER, [("rome", 1001)]
            assert await refused_rows(*asked) == [("rome", 1001)]
        forget_rows(session)  # as between two batches
        await keep_rows(session, Stock, AS_MANY_AS_ON_ANOTHER, [("rome", 1001)])
        assert await refused_rows(*asked) == []


async def test_more_new_rows_than_a_statement_has_parameters_are_asked_about_in_steps(database):
    keys = [(f"place {number}", 10**6) for number in range(17_000)]  # keys of two values
    async with database.unit_of_work() as session:
        session.add(Stock(place="oslo", shelf=1001))
        await session.execute(insert(Stock), [{"place": place, "shelf": shelf} for place, shelf in keys])
        for some in (keys[:16_999], keys[16_999:]):
            assert await refused_rows(session, Stock, ADD, ON_A_SHELF_NEARBY, some) == some
        await session.execute(insert(Stock), [{"place": "oslo", "shelf": 1002}])
        assert await refused_rows(session, Stock, ADD, ON_A_SHELF_NEARBY, [("oslo", 1002)]) == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_more_rows_than_a_statement_of_sqlite_holds_are_refused_in_a_sentence(database):
    each = len(inspect(Stock).columns)
    keys = [("rome", number) for number in range(1001, 1002 + MOST_VALUES // each)]
    async with database.unit_of_work() as session:
        await session.execute(insert(Stock), [{"place": place, "shelf": shelf} for place, shelf in keys])
        await keep_rows(session, Stock, AS_MANY_AS_ON_ANOTHER, keys[:-1])
        assert await refused_rows(session, Stock, CHANGE, AS_MANY_AS_ON_ANOTHER, keys[:-1]) == []
        with pytest.raises(ConflictError, match="change fewer"):
            await keep_rows(session, Stock, AS_MANY_AS_ON_ANOTHER, keys)


def test_no_statement_of_sqlite_is_kept_for_each_number_of_rows():
    stored = Earlier(rows={Stock.__table__: [("rome", 1001, 1, None)]})
    assert cache_key(stored.rows_in(Stock.__table__, sqlite.dialect())) is None
