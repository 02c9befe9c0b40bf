"""The resources of the attic; everybody does everything."""

from fastapi import APIRouter

from dovetail.resources.resource import Open, Resource
from tests.contract.attic.models import Branch, Deal, Part, Product, Sum, Taken

OPEN = Open()
FREE = ("type", "request", "self", "pk", "model", "data", "errors", "items", "limit", "search", "save")
products = Resource(model=Product, fields=("tenant", "number", "name"), policy=OPEN)
deals = Resource(
    model=Deal,
    fields=("tenant", "number", "note", "parts.line", "parts.amount"),
    nested=("parts",),
    policy=OPEN,
    filters={"parts__amount": "gte", "parts__product__name": "exact"},
)
parts = Resource(
    model=Part,
    fields=("tenant", "deal_number", "line", "product_number", "amount", "product.name"),
    policy=OPEN,
    filters={"product__name": "exact"},
    ordering=("product__name", "amount"),
)
branches = Resource(
    model=Branch,
    plural="branches",
    fields=("name", "parent_code", "parent.name", "children.name"),
    policy=OPEN,
    filters={"parent__name": "exact", "children__name": "exact"},
    ordering=("parent__name", "name"),
)
sums = Resource(
    model=Sum,
    fields=("parent_code", "amount", "parent.name"),
    policy=OPEN,
    filters={"parent__name": "exact"},
    ordering=("amount",),
)
taken = Resource(
    model=Taken,
    plural="taken",
    fields=FREE,
    policy=Open(),
    filters={name: "exact" for name in FREE if name not in {"limit", "search"}},
    ordering=FREE,
)
router = APIRouter(prefix="/attic", tags=["attic"])
for _one in (products, deals, parts, branches, sums, taken):
    router.include_router(_one.router)
