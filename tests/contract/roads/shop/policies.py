"""Who may do what in the shop; each policy finds out who asks in another way."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from fastapi import Depends
from sqlalchemy import ColumnElement, false, or_, true
from typing_extensions import override

from dovetail.contrib.auth.access import CurrentUser, OptionalUser, StaffOnly, StaffWrite, UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.resources.policy import Open
from tests.contract.roads.shop.models import Crate, Label, Note, Product, Stamp
from tests.contract.roads.shop.schemas import CrateWrite, NoteWrite, ProductCreate


class ProductPolicy(UserPolicy[Product, ProductCreate]):
    """Listed products for all, one's own besides; cost, telephones and closed labels are the staff's."""

    remembers_anonymous: ClassVar[bool] = True
    remembers_viewers: ClassVar[bool] = True

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        if viewer is None:
            return Product.is_listed.is_(True) if action == "view" else false()
        if action == "add":
            return Product.name != "forbidden"
        if viewer.is_staff:
            return true()
        mine = Product.owner_id == viewer.id
        return or_(Product.is_listed.is_(True), mine) if action == "view" else mine

    @override
    def explain(self, viewer: User | None, action: str) -> str:
        if action == "add":
            return "This name is not for you."
        return f"Only its owner may {action} a product."

    @override
    def read_only(self, viewer: User | None) -> frozenset[str]:
        return frozenset() if viewer is not None and viewer.is_staff else frozenset({"is_listed"})

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        return {} if viewer is not None and viewer.is_staff else {"labels": Label.is_open.is_(True)}

    @override
    def hidden(self, viewer: User | None) -> frozenset[str]:
        if viewer is not None and viewer.is_staff:
            return frozenset()
        return frozenset({"cost", "vendor.phone"} if viewer is None else {"cost"})


class CratePolicy(UserPolicy[Crate, CrateWrite]):
    """Crates of one's own; who is unknown may not even read, and grace is not asked to the table at all."""

    reader: ClassVar[object] = CurrentUser

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        if viewer is None or viewer.username == "grace":
            return false()
        return true() if viewer.is_staff or action == "add" else Crate.owner_id == viewer.id

    @override
    def explain(self, viewer: User | None, action: str) -> str:
        return "No crates for you."


async def get_reader(user: OptionalUser) -> User | None:
    """A dependency of the shop's own: nobody but FastAPI knows what it does."""
    return user


class NotePolicy(UserPolicy[Note, NoteWrite]):
    """One's own notes, by a rule that is asked anew each time."""

    reader: ClassVar[object] = Annotated[User | None, Depends(get_reader)]

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        if viewer is None:
            return Note.id == 1 if action == "view" else false()
        if action == "add":
            return true()
        if action != "view":
            return Note.owner_id == viewer.id
        return true() if viewer.is_staff else or_(Note.id == 1, Note.owner_id == viewer.id)

    @override
    def explain(self, viewer: User | None, action: str) -> str:
        return "Not yours."


class LabelPolicy(StaffWrite[Label]):
    """All see labels, staff write them."""


class VendorPolicy(StaffOnly[object]):
    """Vendors are the staff's."""


class StampPolicy(Open[Stamp]):
    """Everybody does everything, and nobody is asked who they are."""
