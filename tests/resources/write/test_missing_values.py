"""What a column needs and nothing gives is told at the start, and what only Python may give by `check`."""

from datetime import datetime

import pytest
from pydantic import MISSING, computed_field, model_validator
from sqlalchemy import Computed, FetchedValue, ForeignKey, Identity, MetaData, String, event, func
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column, relationship, validates

from dovetail.api.schemas import Schema
from dovetail.database.models import Base, IdMixin, TimestampMixin
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from dovetail.resources.write.lacking import doubtful_values, lacking_values


class DepotBase(Base):
    __abstract__ = True
    metadata = MetaData()


class Crane(IdMixin, TimestampMixin, DepotBase):
    """Every way in which a column gets its value by itself, and one that has none."""

    __tablename__ = "depot_crane"
    name: Mapped[str] = mapped_column(String(20))
    height: Mapped[int]
    colour: Mapped[str] = mapped_column(String(20), default="red")
    called: Mapped[str] = mapped_column(String(20), default=lambda: "it")
    served: Mapped[int] = mapped_column(server_default="1")
    by_trigger: Mapped[int] = mapped_column(server_default=FetchedValue())
    double: Mapped[int] = mapped_column(Computed("height * 2"))
    counted: Mapped[int] = mapped_column(Identity())
    said_at: Mapped[datetime] = mapped_column(insert_default=func.now())
    note: Mapped[str | None] = mapped_column(String(20))


class Heard(IdMixin, DepotBase):
    __tablename__ = "depot_heard"
    name: Mapped[str] = mapped_column(String(20))
    slug: Mapped[str] = mapped_column(String(20))


@event.listens_for(Heard, "before_insert")
def _fill(_mapper, _connection, target):
    target.slug = target.name.lower()


class Validated(IdMixin, DepotBase):
    __tablename__ = "depot_validated"
    name: Mapped[str] = mapped_column(String(20))
    slug: Mapped[str] = mapped_column(String(20))

    @validates("name")
    def _also(self, _key, value):
        self.slug = value.lower()
        return value


class Made(IdMixin, DepotBase):
    __tablename__ = "depot_made"
    name: Mapped[str] = mapped_column(String(20))
    slug: Mapped[str] = mapped_column(String(20))

    def __init__(self, name, **more):
        super().__init__(name=name, slug=name.lower(), **more)


class Asking(IdMixin, DepotBase):
    __tablename__ = "depot_asking"
    name: Mapped[str] = mapped_column(String(20))

    def __init__(self, name, colour):
        super().__init__(name=f"{colour} {name}")


class Dated(MappedAsDataclass, DepotBase, kw_only=True):
    __tablename__ = "depot_dated"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(20))
    served: Mapped[int] = mapped_column(server_default="1")
    listed: Mapped[str] = mapped_column(String(20), default_factory=lambda: "x")


class Machine(IdMixin, DepotBase):
    __tablename__ = "depot_machine"
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(nullable=False)
    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "machine", "version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own


class Lift(Machine):
    __tablename__ = "depot_lift"
    id: Mapped[int] = mapped_column(ForeignKey("depot_machine.id"), primary_key=True)
    floors: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "lift"}  # noqa: RUF012 - as above


class Coded(DepotBase):
    __tablename__ = "depot_coded"
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int] = mapped_column(ForeignKey("depot_owner.id"))
    owner: Mapped["Owner"] = relationship(lambda: Owner, back_populates="rows")


class Owner(IdMixin, DepotBase):
    __tablename__ = "depot_owner"
    name: Mapped[str] = mapped_column(String(20))
    rows: Mapped[list[Coded]] = relationship(back_populates="owner", passive_deletes=True)


class Named(Schema):
    name: str


class NamedAndCoded(Named):
    code: str


class Loose(Named):
    height: int | MISSING = MISSING


class Filling(Named):
    @model_validator(mode="after")
    def _fill(self):
        return self


class Computing(Named):
    @computed_field
    def height(self) -> int:
        return 3


class OwnerWrite(Named):
    rows: list[Named] = []  # noqa: RUF012 - pydantic copies it


class CodedWrite(Named):
    code: str
    owner: Named


async def give(session, viewer, data):
    return {}


def refused(**declared):
    return list(lacking_values([Resource(policy=Open(), **declared)]))


REFUSED = [
    ({"model": Crane, "fields": ("name", "height"), "create": Named}, "crane: Named lacks height, which is never null"),
    ({"model": Crane, "fields": ("name",)}, "crane: CraneCreate lacks height"),
    ({"model": Crane, "fields": ("name", "height"), "read_only": ("height",)}, "crane: CraneCreate lacks height"),
    ({"model": Lift, "fields": ("name",)}, "lift: LiftCreate lacks floors"),
    ({"model": Lift, "fields": ("floors",)}, "lift: LiftCreate lacks name"),
    ({"model": Coded, "fields": ("name", "owner_id"), "create": Named}, "coded: Named lacks code"),
    (
        {"model": Owner, "fields": ("name", "rows.code", "rows.name"), "nested": ("rows",), "create": OwnerWrite},
        "owner: rows: Named lacks code, which is never null in Coded",
    ),
    (
        {
            "model": Coded,
            "fields": ("name",),
            "replace": Named,
            "put_creates": True,
            "without": {"create", "bulk_create"},
        },
        "coded: Named lacks owner_id",
    ),
    (
        {"model": Asking, "fields": ("name",)},
        "asking: AskingCreate need not have colour, which the __init__ of Asking asks",
    ),
    (
        {"model": Dated, "fields": ("name", "served")},
        "dated: DatedCreate need not have served, which the __init__ of Dated",
    ),
    ({"model": Dated, "fields": ("name", "served"), "create": Named}, "dated: Named need not have served"),
]


@pytest.mark.parametrize(("declared", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_value_that_a_new_row_needs_and_nothing_gives_is_named_at_the_start(declared, said):
    found = refused(**declared)

    assert [said in one for one in found].count(True) == 1, found
    assert not any("\n" in one for one in found)


def test_one_that_an_init_does_not_take_is_named_at_the_start():
    found = refused(model=Asking, fields=("name",))
    assert len(found) == 1

    class Coloured(Named):
        colour: str
        size: int = 3

    declared = {"model": Asking, "fields": ("name",), "without": {"update", "bulk_update"}}
    resource = Resource(policy=Open(), **declared, create=Named)
    object.__setattr__(resource, "create", Coloured)  # as a create schema with a column that __init__ lacks
    (what,) = lacking_values([resource])
    assert (
        what
        == "asking: Coloured has size, which the __init__ of Asking does not take; leave it out, or give create_with"
    )


GIVEN = [
    {"model": Crane, "fields": ("name", "height")},
    {"model": Crane, "fields": ("name",), "create": Computing},
    {"model": Crane, "fields": ("name",), "create_with": give},
    {"model": Crane, "fields": ("name",), "without": {"create", "bulk_create"}},
    {"model": Lift, "fields": ("name", "floors")},
    {"model": Machine, "fields": ("name",)},
    {"model": Made, "fields": ("name", "slug")},
    {"model": Dated, "fields": ("name",), "without": {"create", "bulk_create"}},
    {"model": Owner, "fields": ("name", "rows.code", "rows.name"), "nested": ("rows",)},
    {"model": Coded, "fields": ("code", "name", "owner.name"), "nested": ("owner",), "create": CodedWrite},
]


@pytest.mark.parametrize("declared", GIVEN, ids=range(len(GIVEN)))
def test_what_something_gives_is_not_asked_for(declared):
    assert refused(**declared) == []
    assert list(doubtful_values([Resource(policy=Open(), **declared)])) == []


@pytest.mark.parametrize(
    ("model", "create", "filler"),
    [
        (Heard, None, "listeners"),
        (Validated, None, "validators"),
        (Made, None, "__init__"),
        (Crane, Filling, "validators"),
    ],
)
def test_what_only_python_may_give_is_named_by_check_and_refused_by_nobody(model, create, filler):
    resource = Resource(model=model, fields=("name",), create=create, policy=Open())
    assert list(lacking_values([resource])) == []
    ((code, what, hint),) = doubtful_values([resource])
    assert (code, f"whether its {filler} give a value" in what) == ("kernel.W040", True)
    assert "FetchedValue" in hint
