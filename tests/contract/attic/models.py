"""Keys that share a column, a tree known by a text that the database makes, a view of it, and names that are taken."""

from sqlalchemy import DDL, ForeignKey, ForeignKeyConstraint, MetaData, String, event, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class AtticBase(Base):
    """Apart from the site's models."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Product(AtticBase):
    __tablename__ = "attic_product"
    tenant: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(20))

    def __str__(self) -> str:
        return self.name


class Deal(AtticBase):
    __tablename__ = "attic_deal"
    tenant: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str | None] = mapped_column(String(20))

    parts: Mapped[list["Part"]] = relationship(
        back_populates="deal", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )


class Part(AtticBase):
    """Its two foreign keys have the tenant in common."""

    __tablename__ = "attic_part"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant", "deal_number"], ["attic_deal.tenant", "attic_deal.number"], name="fk_deal", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant", "product_number"], ["attic_product.tenant", "attic_product.number"], name="fk_product"
        ),
    )
    tenant: Mapped[str] = mapped_column(String(10), primary_key=True)
    deal_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_number: Mapped[int | None]
    amount: Mapped[int] = mapped_column(default=1)

    deal: Mapped[Deal] = relationship(back_populates="parts", lazy="raise")
    product: Mapped[Product | None] = relationship(lazy="raise", overlaps="deal,parts")


class Branch(AtticBase):
    __tablename__ = "attic_branch"
    code: Mapped[str] = mapped_column(
        String(40), primary_key=True, server_default=text("(lower(CAST(random() AS VARCHAR(40))))")
    )
    name: Mapped[str] = mapped_column(String(20))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("attic_branch.code"), index=True)

    parent: Mapped["Branch | None"] = relationship(remote_side=code, back_populates="children", lazy="raise")
    children: Mapped[list["Branch"]] = relationship(back_populates="parent", lazy="raise")

    def __str__(self) -> str:
        return self.name


class Sum(AtticBase):
    """A view whose rows refer to a table."""

    __tablename__ = "attic_sum"
    __table_args__ = {"info": {"managed": False, "read_only": True}}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar
    parent_code: Mapped[str] = mapped_column(ForeignKey("attic_branch.code"), primary_key=True)
    amount: Mapped[int]

    parent: Mapped[Branch] = relationship(lazy="raise")


VIEW = "SELECT parent_code, count(*) AS amount FROM attic_branch WHERE parent_code IS NOT NULL GROUP BY parent_code"
event.listen(Branch.__table__, "after_create", DDL(f"CREATE VIEW attic_sum AS {VIEW}"))


class Taken(IdMixin, AtticBase):
    """Columns called as parameters of lists, fields of forms, and attributes of libraries."""

    __tablename__ = "attic_taken"
    limit: Mapped[str | None] = mapped_column(String(20))
    search: Mapped[str | None] = mapped_column(String(20))
    save: Mapped[str | None] = mapped_column(String(20))
    type: Mapped[str | None] = mapped_column(String(20))
    request: Mapped[str | None] = mapped_column(String(20))
    self: Mapped[str | None] = mapped_column(String(20))
    pk: Mapped[str | None] = mapped_column(String(20))
    model: Mapped[str | None] = mapped_column(String(20))
    data: Mapped[str | None] = mapped_column(String(20))
    errors: Mapped[str | None] = mapped_column(String(20))
    items: Mapped[str | None] = mapped_column(String(20))
    csrf_token_: Mapped[str | None] = mapped_column("csrf token", String(20))
