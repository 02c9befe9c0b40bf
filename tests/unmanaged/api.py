"""Resources of a table that something else makes, and of a view."""

from fastapi import APIRouter

from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from tests.unmanaged.models import Sale, Total

sales = Resource(model=Sale, fields=("number", "article", "amount"), policy=Open())
totals = Resource(
    model=Total, fields=("article", "amount"), policy=Open(), filters={"amount": "gte"}, unindexed={"amount__gte"}
)

router = APIRouter(tags=["unmanaged"])
for resource in (sales, totals):
    router.include_router(resource.router)
