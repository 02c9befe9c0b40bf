"""Owners write what is theirs; 0 is staff."""

from sqlalchemy import ColumnElement, false, or_, true

from tests.guarded.policies import STAFF, Numbered
from tests.orders.models import Line, Order, Remark, Stock

HIDDEN = 9


class Owned(Numbered):
    """Everybody sees all rows of a model with an owner, but those of 9."""

    def __init__(self, model: type[Order | Stock]) -> None:
        self.model = model

    def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
        if viewer == STAFF:
            return true()
        if action == "view":
            return self.model.owner != HIDDEN
        return false() if viewer is None else self.model.owner == viewer


class Lines(Numbered):
    """Secret lines are seen by staff only; notes are written by staff; nobody else orders gold, or takes it off."""

    def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
        if viewer == STAFF:
            return true()
        if action == "view":
            return Line.is_secret.is_(False)
        if viewer is None:
            return false()
        return Line.sku != "gold" if action in {"add", "delete"} else Line.amount < 100

    def explain(self, viewer: int | None, action: str) -> str:
        return f"You may not {action} this line."

    def read_only(self, viewer: int | None) -> frozenset[str]:
        return frozenset() if viewer == STAFF else frozenset({"note"})


class Free(Numbered):
    """Whoever is known does everything, and everybody sees it."""

    def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
        return true() if action == "view" or viewer is not None else false()


class Remarks(Free):
    """Remarks that belong to no order are the staff's."""

    def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
        if action == "view" and viewer != STAFF:
            return or_(Remark.order_id.is_not(None), Remark.text == "free")
        return super().where(viewer, action)


ORDERS, STOCKS, LINES, FREE, REMARKS = Owned(Order), Owned(Stock), Lines(), Free(), Remarks()
