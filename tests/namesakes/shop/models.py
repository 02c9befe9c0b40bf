from enum import StrEnum

from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class ShopBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Status(StrEnum):
    """What an item costs today."""

    FULL = "full"
    REDUCED = "reduced"


class Tag(IdMixin, ShopBase):
    __tablename__ = "shop_tag"

    name: Mapped[str]
    status: Mapped[Status] = mapped_column(default=Status.FULL)
