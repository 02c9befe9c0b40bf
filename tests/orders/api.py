"""The resources of orders and of stock."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import MISSING, Field

from dovetail.api.schemas import Schema
from dovetail.resources.resource import Resource
from tests.orders.models import Count, Order, Stock
from tests.orders.policies import FREE, ORDERS, STOCKS

stocks = Resource(
    model=Stock,
    fields=("place", "shelf", "owner", "amount", "note", "counts.id", "counts.found"),
    nested=("counts",),
    policy=STOCKS,
    filters={"place": ("exact", "in"), "amount": ("gte", "lte")},
    ordering=("amount", "place", "shelf"),
    default_ordering="place",
    search=("place",),
)
orders = Resource(
    model=Order,
    fields=(
        "number",
        "owner",
        *("address.id", "address.street", "address.city"),
        *("lines.sku", "lines.amount", "lines.note"),
        *("crates.id", "crates.code", "crates.weight", "crates.items.id", "crates.items.sku"),
        *("invoice.id", "invoice.total"),
        *("remarks.id", "remarks.text"),
    ),
    nested=("address", "lines", "crates", "crates.items", "invoice", "remarks"),
    policy=ORDERS,
)


class LineWrite(Schema):
    """A line as somebody declares it."""

    sku: str
    amount: int = 1


class OrderWrite(Schema):
    """An order as somebody declares it."""

    number: str
    lines: Annotated[list[LineWrite], Field(max_length=3, alias="rows")] = []  # noqa: RUF012 - pydantic copies it


class OrderPatch(Schema):
    """The fields of it that change."""

    number: str | MISSING = MISSING
    lines: Annotated[list[LineWrite] | MISSING, Field(alias="rows")] = MISSING


declared = Resource(
    model=Order,
    name="declared",
    plural="declared",
    fields=("number", "lines.sku", "lines.amount"),
    nested=("lines",),
    create=OrderWrite,
    update=OrderPatch,
    replace=OrderWrite,
    policy=ORDERS,
)
noted = Resource(
    model=Order,
    name="noted",
    plural="noted",
    fields=("number", "lines.sku", "lines.amount", "remarks.id", "remarks.text"),
    nested=("lines", "remarks"),
    policy=ORDERS,
)


class CountWrite(Schema):
    """What somebody counted."""

    id: int | MISSING = MISSING
    found: int


class StockReplace(Schema):
    """All of what lies somewhere."""

    owner: int = 1
    amount: int = 0
    note: Annotated[str | None, Field(max_length=20)] = None
    counts: Annotated[list[CountWrite], Field(max_length=3)] = []  # noqa: RUF012 - pydantic copies it


class OrderReplace(Schema):
    """All of an order."""

    owner: int = 1


shelves = Resource(
    model=Stock,
    name="shelf",
    plural="shelves",
    fields=("place", "shelf", "owner", "amount", "note", "counts.id", "counts.found"),
    replace=StockReplace,
    nested=("counts",),
    put_creates=True,
    policy=STOCKS,
)
numbered = Resource(
    model=Order,
    name="numbered",
    plural="numbered",
    fields=("number", "owner"),
    lookup="number",
    replace=OrderReplace,
    put_creates=True,
    policy=ORDERS,
)
counts = Resource(model=Count, fields=("place", "shelf", "found"), policy=FREE)
router = APIRouter()
for one in (stocks, orders, declared, noted, shelves, numbered, counts):
    router.include_router(one.router)
