"""The resources of orders and of stock."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import MISSING, Field

from dovetail.api.schemas import Filter, Schema
from dovetail.resources.resource import From, Resource
from tests.orders.models import Count, Line, Order, Route, Stock
from tests.orders.policies import FREE, LINES, ORDERS, STOCKS

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


class LineRead(Schema):
    """A line with where it goes."""

    sku: str
    street: Annotated[str | None, From("order__address__street")]


lines = Resource(
    model=Line,
    read=LineRead,
    filters={"street": "icontains", "to": Filter("exact", path="order__address__city")},
    ordering={"street": "order__address__street", "sku": "sku"},
    default_ordering="street",
    policy=LINES,
)
addressed = Resource(
    model=Line,
    name="addressed",
    plural="addressed",
    fields=("sku", "order.address.street", "order.number"),
    policy=LINES,
    without={"create", "bulk_create"},
)
counts = Resource(model=Count, fields=("place", "shelf", "found"), policy=FREE)
routes = Resource(
    model=Route,
    fields=("code", "first", "last", "goes_on_id", "stops.id", "stops.address_id"),
    nested=("stops",),
    policy=FREE,
)
router = APIRouter()
for one in (stocks, orders, declared, noted, shelves, numbered, counts, lines, addressed, routes):
    router.include_router(one.router)
