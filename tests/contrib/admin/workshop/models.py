"""Tools that are lent; they stay out of the site's own metadata."""

from sqlalchemy import Integer, MetaData, String, func
from sqlalchemy.orm import Mapped, column_property, mapped_column

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, TimestampMixin


class WorkshopBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Tool(IdMixin, TimestampMixin, WorkshopBase):
    __tablename__ = "workshop_tool"

    name: Mapped[str] = mapped_column(String(50))
    lent_to: Mapped[str] = mapped_column(String(50), default="", server_default="")
    is_broken: Mapped[bool] = mapped_column(default=False, server_default="0")
    name_length: Mapped[int] = column_property(func.length(name.column, type_=Integer))

    def __str__(self) -> str:
        return self.name
