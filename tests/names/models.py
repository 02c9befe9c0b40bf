"""Tables with names that must be quoted; they stay out of the site's own metadata."""

from sqlalchemy import Column, ForeignKey, Identity, Integer, MetaData, Sequence, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class NamesBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Order(IdMixin, NamesBase):
    """Says whose it is, for its name does not."""

    __tablename__ = "Order"
    __table_args__ = {"info": {"plugin": "names"}, "sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own

    group: Mapped[str] = mapped_column(String(20))
    user: Mapped[str | None] = mapped_column('User: 100% "(sic)"', String(20))
    value_group: Mapped[str | None] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column("parentId", ForeignKey("Order.id"))


class Selected(NamesBase):
    __tablename__ = "names_select from: 100%"

    number: Mapped[int] = mapped_column("from", Integer, Identity(always=True), primary_key=True)
    order_id: Mapped[int | None] = mapped_column("Order", ForeignKey("Order.id"))


class Counted(NamesBase):
    __tablename__ = "names_Counted"

    id: Mapped[int] = mapped_column(Integer, Sequence("names_Counter"), primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


links = Table(
    "Link",
    NamesBase.metadata,
    Column("Order", ForeignKey("Order.id"), primary_key=True, key="order_id"),
    Column("Select", ForeignKey("names_select from: 100%.from"), primary_key=True, key="select_id"),
    info={"plugin": "names"},
)
