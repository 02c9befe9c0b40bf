"""What a policy says together with those of the models that it leads to."""

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from dovetail.resources.policies.access import Access
from dovetail.resources.policies.closed import Label, Registered, register
from dovetail.resources.policy import Policy


class HouseBase(DeclarativeBase):
    pass


class House(HouseBase):
    __tablename__ = "house_house"

    id: Mapped[int] = mapped_column(primary_key=True)


class Lodger(HouseBase):
    __tablename__ = "house_lodger"

    id: Mapped[int] = mapped_column(primary_key=True)


class Lodgers(Policy):
    """Everybody sees themselves, and nobody may do more; a viewer is a number."""

    def where(self, viewer: int | None, action: str) -> ColumnElement[bool]:
        return Lodger.id == viewer if action == "view" else true()

    def hidden(self, viewer: int | None) -> frozenset[str]:
        return frozenset() if viewer == 1 else frozenset({"rent"})


class Houses(Policy):
    """It says itself who may know of the lodgers of a neighbour, and of its rooms who may know at all."""

    def related(self, viewer: int | None) -> dict[str, ColumnElement[bool]]:
        return {"neighbour.lodgers": true() if viewer == 1 else false()}

    def hidden(self, viewer: int | None) -> frozenset[str]:
        return frozenset() if viewer == 1 else frozenset({"rooms", "owner.rooms"})


register(Lodger, Registered(Label("house", "Lodger"), Lodgers()))
FIELDS = frozenset({"rooms", "lodgers.rent", "lodgers.id"})
ACCESS = Access(Houses(), House, {"lodgers": Lodger, "neighbour": House, "neighbour.lodgers": Lodger}, FIELDS)


class Visitor:
    """Somebody who came by a token with scopes."""

    token_scopes = frozenset({"house.view_room"})


def related(viewer):
    found = ACCESS.related(viewer)
    return {path: str(condition.compile(compile_kwargs={"literal_binds": True})) for path, condition in found.items()}


def test_a_policy_is_asked_before_those_of_related_models_which_say_who_may_view():
    assert related(1) == {"lodgers": "house_lodger.id = 1"}
    assert related(2) == {"lodgers": "house_lodger.id = 2", "neighbour.lodgers": "false"}


def test_fields_are_hidden_by_a_policy_and_by_those_of_nested_objects():
    assert ACCESS.hidden(1) == frozenset()
    assert ACCESS.hidden(2) == {"rooms", "lodgers.rent"}


def test_whom_a_token_does_not_let_see_a_related_model_sees_of_it_what_anybody_sees():
    assert related(Visitor())["lodgers"] == "house_lodger.id IS NULL"
