"""A shop whose tables are odd; they stay out of the site's own metadata, and so have no key to its users."""

from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import Column, ForeignKey, MetaData, Numeric, String, Table, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, TimestampMixin


class ShopBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


product_labels = Table(
    "shop_product_label",
    ShopBase.metadata,
    Column("product_sku", ForeignKey("shop_product.sku", ondelete="CASCADE"), primary_key=True),
    Column("label_id", ForeignKey("shop_label.id", ondelete="CASCADE"), primary_key=True),
)


class Vendor(IdMixin, ShopBase):
    __tablename__ = "shop_vendor"

    name: Mapped[str] = mapped_column(String(50))
    phone: Mapped[str] = mapped_column(String(50), default="")


class Label(IdMixin, ShopBase):
    __tablename__ = "shop_label"

    name: Mapped[str] = mapped_column(String(50), unique=True)
    is_open: Mapped[bool] = mapped_column(server_default=true())


class Product(TimestampMixin, ShopBase):
    """Its key is a text with anything in it."""

    __tablename__ = "shop_product"

    sku: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=Decimal(0))
    stock: Mapped[int] = mapped_column(default=0)
    cost: Mapped[int] = mapped_column(default=7)
    is_listed: Mapped[bool] = mapped_column(default=True)
    owner_id: Mapped[int] = mapped_column(default=1)
    vendor_id: Mapped[int] = mapped_column(ForeignKey("shop_vendor.id"))

    vendor: Mapped[Vendor] = relationship(lazy="raise")
    labels: Mapped[list[Label]] = relationship(secondary=product_labels, order_by=Label.name, lazy="raise")


class Crate(IdMixin, ShopBase):
    """Has a version column."""

    __tablename__ = "shop_crate"

    content: Mapped[str] = mapped_column(String(50))
    owner_id: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version, "eager_defaults": True}  # noqa: RUF012 - declared by SQLAlchemy


class Note(IdMixin, TimestampMixin, ShopBase):
    __tablename__ = "shop_note"

    text: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[int] = mapped_column(default=1)

    @property
    def shout(self) -> str:
        return self.text.upper()


class Stamp(TimestampMixin, ShopBase):
    __tablename__ = "shop_stamp"

    code: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    motif: Mapped[str] = mapped_column(String(50), unique=True)
