"""Tables that PostgreSQL alone has: a rule of exclusion, and its own number of a row's version."""

from typing import Any
from uuid import UUID

from sqlalchemy import FetchedValue, Identity, MetaData, String, func, text
from sqlalchemy.dialects.postgresql import INT4RANGE, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class VaultBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Stay(IdMixin, VaultBase):
    """No two of a room meet."""

    __tablename__ = "vault_stay"
    __table_args__ = (
        ExcludeConstraint(
            (func.int4range(text("room"), text("room + 1")), "&&"),
            ("nights", "&&"),
            name="one_stay_a_night",
            info={"violation_error_message": "The room is taken on one of these nights."},
        ),
    )
    room: Mapped[int]
    nights: Mapped[Any] = mapped_column(INT4RANGE)


class Note(IdMixin, VaultBase):
    """PostgreSQL counts its versions; its numbers are made by a sequence and by a function."""

    __tablename__ = "vault_note"
    number: Mapped[int] = mapped_column(Identity(always=True))
    code: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    text: Mapped[str] = mapped_column(String(20))
    # As SQLAlchemy's documents have it, and of the type that they give it.
    xmin: Mapped[str] = mapped_column(String, system=True, server_default=FetchedValue())
    __mapper_args__ = {"version_id_col": xmin, "version_id_generator": False, "eager_defaults": True}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar
