from enum import StrEnum

from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class StockBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Status(StrEnum):
    """Where an item is."""

    ORDERED = "ordered"
    HERE = "here"


class Tag(IdMixin, StockBase):
    __tablename__ = "stock_tag"

    name: Mapped[str]
    status: Mapped[Status] = mapped_column(default=Status.ORDERED)
