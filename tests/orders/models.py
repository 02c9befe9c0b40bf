"""Orders with all that belongs to them, and stock known by two columns; they stay out of the site's metadata."""

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, MetaData, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, TimestampMixin


class OrdersBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Stock(TimestampMixin, OrdersBase):
    """What lies where: the key has a text and a number."""

    __tablename__ = "orders_stock"
    __table_args__ = (CheckConstraint("amount < 1000000", name="as_much_as_fits"),)

    place: Mapped[str] = mapped_column(String(20), primary_key=True)
    shelf: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int] = mapped_column(default=1)
    amount: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None] = mapped_column(String(20), unique=True)

    counts: Mapped[list["Count"]] = relationship(
        back_populates="stock", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )


class Count(IdMixin, OrdersBase):
    """Somebody counted what lies there."""

    __tablename__ = "orders_count"
    __table_args__ = (
        ForeignKeyConstraint(
            ["place", "shelf"], ["orders_stock.place", "orders_stock.shelf"], name="fk_count", ondelete="CASCADE"
        ),
    )

    place: Mapped[str] = mapped_column(String(20))
    shelf: Mapped[int]
    found: Mapped[int]

    stock: Mapped[Stock] = relationship(back_populates="counts", lazy="raise")


class Address(IdMixin, OrdersBase):
    __tablename__ = "orders_address"

    street: Mapped[str] = mapped_column(String(40))
    city: Mapped[str] = mapped_column(String(40), default="Rome")


class Order(IdMixin, TimestampMixin, OrdersBase):
    __tablename__ = "orders_order"

    number: Mapped[str] = mapped_column(String(20), unique=True)
    owner: Mapped[int] = mapped_column(default=1)
    address_id: Mapped[int | None] = mapped_column(ForeignKey("orders_address.id"))

    address: Mapped[Address | None] = relationship(lazy="raise")
    lines: Mapped[list["Line"]] = relationship(
        back_populates="order",
        order_by=lambda: Line.sku,
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="raise",
    )
    crates: Mapped[list["Crate"]] = relationship(
        lambda: Crate,  # another plugin of the tests has one too
        order_by=lambda: Crate.id,
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="raise",
    )
    invoice: Mapped["Invoice | None"] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="raise", uselist=False
    )
    remarks: Mapped[list["Remark"]] = relationship(order_by=lambda: Remark.id, passive_deletes=True, lazy="raise")


class Line(OrdersBase):
    """A line of an order, known there by what is ordered."""

    __tablename__ = "orders_line"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders_order.id", ondelete="CASCADE"), primary_key=True)
    sku: Mapped[str] = mapped_column(String(20), primary_key=True)
    amount: Mapped[int] = mapped_column(default=1)
    note: Mapped[str | None] = mapped_column(String(10))
    is_secret: Mapped[bool] = mapped_column(default=False)

    order: Mapped[Order] = relationship(back_populates="lines", lazy="raise")


class Crate(IdMixin, OrdersBase):
    __tablename__ = "orders_crate"
    __table_args__ = (CheckConstraint("weight > -1000000", name="no_balloon"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("orders_order.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20), unique=True)
    weight: Mapped[int]

    items: Mapped[list["Packed"]] = relationship(
        order_by=lambda: Packed.id, cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )

    @validates("weight")
    def check_weight(self, _name: str, value: int) -> int:
        if value > 30:
            raise ValueError("expected 30 kilograms at most")
        return value


class Packed(IdMixin, OrdersBase):
    __tablename__ = "orders_item"
    __table_args__ = (UniqueConstraint("crate_id", "sku"),)

    crate_id: Mapped[int] = mapped_column(ForeignKey("orders_crate.id", ondelete="CASCADE"))
    sku: Mapped[str] = mapped_column(String(20))


class Route(IdMixin, OrdersBase):
    """A way through the town, which may go on where another ends; the COMMIT alone looks whether there is such a one.

    So do its stops.
    """

    __tablename__ = "orders_route"
    __table_args__ = (CheckConstraint("first <= last", name="leaves_before_it_ends"), UniqueConstraint("first", "code"))

    code: Mapped[str] = mapped_column(String(20))
    first: Mapped[int] = mapped_column(default=0)
    last: Mapped[int] = mapped_column(default=0)
    goes_on_id: Mapped[int | None] = mapped_column(ForeignKey("orders_route.id", deferrable=True, initially="DEFERRED"))

    stops: Mapped[list["Stop"]] = relationship(
        order_by=lambda: Stop.id, cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )


class Stop(IdMixin, OrdersBase):
    __tablename__ = "orders_stop"

    route_id: Mapped[int] = mapped_column(ForeignKey("orders_route.id", ondelete="CASCADE"))
    address_id: Mapped[int] = mapped_column(ForeignKey("orders_address.id", deferrable=True, initially="deferred"))


class Invoice(IdMixin, OrdersBase):
    __tablename__ = "orders_invoice"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders_order.id", ondelete="CASCADE"), unique=True)
    total: Mapped[int]


class Remark(IdMixin, OrdersBase):
    """Something said of an order, which stays when the order lets go of it."""

    __tablename__ = "orders_remark"

    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders_order.id", ondelete="SET NULL"))
    text: Mapped[str] = mapped_column(String(40))
