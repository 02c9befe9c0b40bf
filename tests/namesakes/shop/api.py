"""Schemas are called here as those of tests.namesakes.stock are, and one as the kernel's is."""

from fastapi import APIRouter

from dovetail.api.schemas import Schema
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from tests.namesakes.shop.models import Status, Tag


class TagRead(Schema):
    """What things in the shop are marked with."""

    id: int
    name: str
    status: Status


class TagCreate(Schema):
    name: str


class Item(Schema):
    """A thing in the shop: what is sent, and what is answered."""

    tags: list[TagRead]
    price: int


class Problem(Schema):
    """What is the matter with a thing in the shop."""

    words: str


tags = Resource(
    model=Tag,
    read=TagRead,
    create=TagCreate,
    policy=Open(),
    name="shop_tag",
    filters={"status": ("exact", "in")},
)
router = APIRouter(tags=["shop"])
router.include_router(tags.router)


@router.post("/shop-items")
async def create_shop_item(data: Item) -> Item:
    return data


@router.get("/shop-problems")
async def list_shop_problems() -> list[Problem]:
    return []
