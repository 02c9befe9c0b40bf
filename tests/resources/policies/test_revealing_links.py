"""The check of keys that tell whether a row was there before somebody named it."""

from sqlalchemy import Column, ColumnElement, ForeignKey, MetaData, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import Base, IdMixin, RandomIdMixin
from dovetail.resources.policies.registered import Policies
from dovetail.resources.policy import Open, Policy, ReadOnly
from dovetail.resources.policy_checks import revealing_links
from dovetail.resources.resource import CreateSchema, Resource


class CircusBase(Base):
    __abstract__ = True
    metadata = MetaData()


def between(name: str) -> Table:
    """Return the table of the links to rows of another."""
    return Table(
        f"circus_show_{name}",
        CircusBase.metadata,
        Column("show_id", ForeignKey("circus_show.id"), primary_key=True),
        Column(f"{name}_id", ForeignKey(f"circus_{name}.id"), primary_key=True),
    )


class Act(IdMixin, CircusBase):
    __tablename__ = "circus_act"

    name: Mapped[str] = mapped_column(String(20), unique=True)


class Clown(RandomIdMixin, CircusBase):
    __tablename__ = "circus_clown"

    name: Mapped[str] = mapped_column(String(20), unique=True)


class Show(IdMixin, CircusBase):
    __tablename__ = "circus_show"

    acts: Mapped[list[Act]] = relationship(secondary=between("act"))
    clowns: Mapped[list[Clown]] = relationship(secondary=between("clown"))


class Some(Policy):
    """Nobody who is unknown sees any."""

    def where(self, viewer: object, action: str) -> ColumnElement[bool]:
        return Act.id == 3


class ShowCreate(CreateSchema):
    acts: list[str] = []  # noqa: RUF012 - pydantic copies it
    clowns: list[str] = []  # noqa: RUF012 - as above


def found(fields, policy):
    spec = Resource(model=Show, fields=fields, create=ShowCreate, policy=Open(), links=LINKS)
    return [what for _, what, _ in revealing_links([spec], Policies({Act: policy, Clown: policy, Show: spec.policy}))]


LINKS = {"acts": Act.name, "clowns": Clown.name}


def test_a_key_that_is_counted_up_tells_of_hidden_rows_where_it_is_answered():
    (what,) = found(("acts.id", "clowns.id"), Some())
    assert what.startswith("show: links makes each Act that is named and not there, the policy hides some")
    assert found(("acts.name", "clowns.id"), Some()) == []
    assert found(("acts.id",), ReadOnly()) == []
