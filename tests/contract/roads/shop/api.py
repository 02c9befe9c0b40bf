"""The shop's resources: hooks, links, lists with conditions, keys of every kind."""

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import APIRouter, Path
from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.access import CurrentUser, OptionalUser
from dovetail.contrib.auth.models import User
from dovetail.database.models import related
from dovetail.database.session import SessionDep, SourceDep
from dovetail.errors import ConflictError, FieldError, InvalidInputError, NotFoundError
from dovetail.resources.resource import Resource, find_or_make
from tests.contract.roads.shop import policies, schemas
from tests.contract.roads.shop.models import Crate, Label, Note, Product, Stamp, Vendor


async def find_labels(session: AsyncSession, names: Collection[Any]) -> Mapping[Any, object]:
    return await find_or_make(session, Label.name, names)


async def new_product(session: AsyncSession, user: User, data: schemas.ProductCreate) -> dict[str, object]:
    if await session.get(Vendor, data.vendor_id) is None:
        raise InvalidInputError(errors=[FieldError(pointer="/vendor_id", detail="There is no such vendor.")])
    return data.model_dump(exclude={"labels"}) | {"owner_id": user.id}


async def remove_product(session: AsyncSession, product: Product) -> None:
    if product.stock:
        raise ConflictError("There are some left.")
    await session.delete(product)


async def new_note(session: AsyncSession, user: User, data: schemas.NoteWrite) -> Note:
    note = Note(text=data.text, owner_id=user.id)
    session.add(note)
    return note


async def edit_note(_session: AsyncSession, user: User, note: Note, data: schemas.NoteWrite) -> None:
    if data.text == "explode":
        raise RuntimeError("The hook has a mistake.")
    if data.text == "swap":
        note.text = f"swapped by {user.username}"


products = Resource(
    model=Product,
    read=schemas.ProductRead,
    create=schemas.ProductCreate,
    update=schemas.ProductUpdate,
    replace=schemas.ProductReplace,
    policy=policies.ProductPolicy(),
    filters={"name": ("exact", "icontains", "in"), "price": ("lte", "gte"), "cost": "exact", "labels__name": "exact"},
    ordering=("sku", "name", "price", "cost", "created_at"),
    default_ordering="sku",
    search=("name", "labels__name"),
    links={"labels": find_labels},
    create_with=new_product,
    delete_with=remove_product,
)
crates = Resource(
    model=Crate,
    read=schemas.CrateRead,
    create=schemas.CrateWrite,
    update=schemas.CrateWrite,
    replace=schemas.CrateWrite,
    policy=policies.CratePolicy(),
    ordering=("id",),
    requires_if_match=True,
)
notes = Resource(
    model=Note,
    read=schemas.NoteRead,
    create=schemas.NoteWrite,
    update=schemas.NoteWrite,
    policy=policies.NotePolicy(),
    ordering=("id", "created_at"),
    default_ordering="-id",
    create_with=new_note,
    update_with=edit_note,
)
labels = Resource(
    model=Label,
    read=schemas.LabelRead,
    create=schemas.LabelWrite,
    update=schemas.LabelWrite,
    policy=policies.LabelPolicy(),
    filters={"is_open": "exact"},
    ordering=("name",),
)
vendors = Resource(model=Vendor, read=schemas.VendorRead, policy=policies.VendorPolicy(), ordering=("name",))
stamps = Resource(
    model=Stamp,
    read=schemas.StampRead,
    create=schemas.StampWrite,
    update=schemas.StampWrite,
    policy=policies.StampPolicy(),
    ordering=("motif",),
    default_ordering="motif",
)


async def of_label(name: str, viewer: OptionalUser, session: SessionDep) -> ColumnElement[bool]:
    """One condition is hidden from strangers, as the label is."""
    label = await session.scalar(select(Label).where(Label.name == name))
    if label is None or not (label.is_open or (viewer is not None and viewer.is_staff)):
        raise NotFoundError("There is no such label.")
    return related(Product.labels, Label.id == label.id)


async def of_mine(user: CurrentUser) -> ColumnElement[bool]:
    return Product.owner_id == user.id


async def of_vendor(viewer: OptionalUser, source: SourceDep, vendor_id: int = Path(ge=2)) -> dict[str, object]:
    """A key as the path has it, with limits that only FastAPI sees there, and a product of it that may be seen."""
    await products.find_key(source, viewer, vendor_id=vendor_id, name=f"Product {SEEN}")
    return {"vendor": vendor_id}


def in_stock() -> ColumnElement[bool]:
    return Product.stock > 0


SEEN = "a/b"
router = APIRouter(tags=["shop"])
products.add_list(
    router,
    "/vendors/{vendor_id}/products",
    name="list_vendor_products",
    where=Product.vendor_id == bindparam("vendor"),
    values=of_vendor,
)
products.add_list(router, "/products/of/mine", name="list_my_products", where=of_mine)
products.add_list(router, "/products/in/stock", name="list_products_in_stock", where=in_stock)
for resource in (products, crates, notes, labels, vendors, stamps):
    router.include_router(resource.router)
products.add_list(router, "/labels/{name:path}/products", name="list_label_products", where=of_label)
