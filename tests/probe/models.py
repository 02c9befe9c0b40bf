"""A table with everything that can go wrong; it stays out of the site's own metadata."""

from datetime import datetime

from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, TimestampMixin


class ProbeBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Item(IdMixin, TimestampMixin, ProbeBase):
    __tablename__ = "probe_item"

    name: Mapped[str] = mapped_column(String(200), unique=True)
    size: Mapped[int] = mapped_column(default=0)
    price: Mapped[float] = mapped_column(default=0.0)
    due: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    # Checked by the COMMIT only, which is how a COMMIT can fail.
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("probe_item.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    )

    parent: Mapped["Item | None"] = relationship(back_populates="children", remote_side="Item.id")
    children: Mapped[list["Item"]] = relationship(back_populates="parent", passive_deletes=True)

    __mapper_args__ = {"version_id_col": version, "eager_defaults": True}  # noqa: RUF012 - declared by SQLAlchemy
