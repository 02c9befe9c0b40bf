"""Who may do what in the shop; each policy finds out who asks in another way."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from fastapi import Depends
from sqlalchemy import ColumnElement, or_, true
from typing_extensions import override

from dovetail.contrib.auth.access import CurrentUser, OptionalUser, StaffOnly, StaffWrite, UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from dovetail.resources.policy import Open
from tests.contract.roads.shop.models import Crate, Label, Note, Product, Stamp
from tests.contract.roads.shop.schemas import CrateWrite, NoteWrite, ProductCreate


class ProductPolicy(UserPolicy[Product, ProductCreate]):
    """Listed products for all, one's own besides; cost, telephones and closed labels are the staff's."""

    remembers_anonymous: ClassVar[bool] = True
    remembers_viewers: ClassVar[bool] = True

    @override
    def rows(self, viewer: User | None) -> ColumnElement[bool]:
        if viewer is None:
            return Product.is_listed.is_(True)
        return true() if viewer.is_staff else or_(Product.is_listed.is_(True), Product.owner_id == viewer.id)

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        return {} if viewer is not None and viewer.is_staff else {"labels": Label.is_open.is_(True)}

    @override
    def hidden(self, viewer: User | None) -> frozenset[str]:
        if viewer is not None and viewer.is_staff:
            return frozenset()
        return frozenset({"cost", "vendor.phone"} if viewer is None else {"cost"})

    @override
    def may_create(self, viewer: User, data: ProductCreate) -> None:
        if data.name == "forbidden":
            raise PermissionDeniedError("This name is not for you.")

    @override
    def may_update(self, viewer: User, item: Product, changes: frozenset[str]) -> None:
        if not viewer.is_staff and (item.owner_id != viewer.id or "is_listed" in changes):
            raise PermissionDeniedError("Only its owner changes a product, and only staff hide it.")

    @override
    def may_delete(self, viewer: User, item: Product) -> None:
        if not viewer.is_staff and item.owner_id != viewer.id:
            raise PermissionDeniedError("Only its owner removes a product.")


class CratePolicy(UserPolicy[Crate, CrateWrite]):
    """Crates of one's own; who is unknown may not even read, and grace is not asked to the table at all."""

    reader: ClassVar[object] = CurrentUser

    @override
    def rows(self, viewer: User | None) -> ColumnElement[bool]:
        if viewer is None or viewer.username == "grace":
            raise PermissionDeniedError("No crates for you.")
        return true() if viewer.is_staff else Crate.owner_id == viewer.id

    @override
    def may_create(self, viewer: User, data: CrateWrite) -> None:
        pass

    @override
    def may_update(self, viewer: User, item: Crate, changes: frozenset[str]) -> None:
        pass

    @override
    def may_delete(self, viewer: User, item: Crate) -> None:
        pass


async def get_reader(user: OptionalUser) -> User | None:
    """A dependency of the shop's own: nobody but FastAPI knows what it does."""
    return user


class NotePolicy(UserPolicy[Note, NoteWrite]):
    """One's own notes, by a rule that is asked anew each time."""

    reader: ClassVar[object] = Annotated[User | None, Depends(get_reader)]

    @override
    def rows(self, viewer: User | None) -> ColumnElement[bool]:
        if viewer is None:
            return Note.id == 1
        return true() if viewer.is_staff else or_(Note.id == 1, Note.owner_id == viewer.id)

    @override
    def may_create(self, viewer: User, data: NoteWrite) -> None:
        pass

    @override
    def may_update(self, viewer: User, item: Note, changes: frozenset[str]) -> None:
        if item.id == 2:
            raise ZeroDivisionError("The policy has a mistake.")
        if item.owner_id != viewer.id:
            raise PermissionDeniedError("Not yours.")

    @override
    def may_delete(self, viewer: User, item: Note) -> None:
        self.may_update(viewer, item, frozenset())


class LabelPolicy(StaffWrite[Label]):
    """All see labels, staff write them."""


class VendorPolicy(StaffOnly[object]):
    """Vendors are the staff's."""


class StampPolicy(Open[Stamp]):
    """Everybody does everything, and nobody is asked who they are."""
