"""A resource that is called as one of tests.namesakes.stock is."""

from fastapi import APIRouter

from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from tests.namesakes.shop.models import Tag
from tests.namesakes.stock.api import TagCreate, TagRead

router = APIRouter(tags=["twin"])
router.include_router(
    Resource(model=Tag, read=TagRead, create=TagCreate, policy=Open(), name="stock_tag", path="twins").router
)
