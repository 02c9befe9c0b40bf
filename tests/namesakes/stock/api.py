"""A resource and plain endpoints, whose schemas are called as those of tests.namesakes.shop are."""

from fastapi import APIRouter

from dovetail.api.schemas import Schema
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from tests.namesakes.stock.models import Status, Tag


class TagRead(Schema):
    """What things in stock are marked with."""

    id: int
    name: str
    status: Status


class TagCreate(Schema):
    name: str


class Item(Schema):
    """A thing in stock: what is sent, and what is answered."""

    tags: list[TagRead]
    shelf: str


tags = Resource(
    model=Tag,
    read=TagRead,
    create=TagCreate,
    policy=Open(),
    name="stock_tag",
    filters={"status": ("exact", "in")},
)
router = APIRouter(tags=["stock"])
router.include_router(tags.router)


@router.post("/stock-items")
async def create_stock_item(data: Item) -> Item:
    return data
