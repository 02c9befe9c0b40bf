"""Rows of odd keys that refer to each other: coats hang on a peg, and may hang on spare ones."""

from sqlalchemy import Column, ForeignKey, MetaData, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.admin.views import ModelAdmin, TabularInline
from dovetail.database.models import NAMING_CONVENTION, Base
from tests.zoo.keys import ODD

# The API refuses keys with a slash, and rows that came on other roads may have one.
KEYS = (*ODD, "a/b", "/", "a/delete/", '"', "<b>", "'", "\\", "..", "a\u00a0b", "🙂")


class WardrobeBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Peg(WardrobeBase):
    __tablename__ = "zoo_peg"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(20), default="")
    coats: Mapped[list["Coat"]] = relationship(back_populates="peg")

    def __str__(self) -> str:
        return f"peg {self.id}"


SPARES = Table(
    "zoo_coat_peg",
    WardrobeBase.metadata,
    Column("coat_id", ForeignKey("zoo_coat.id", ondelete="CASCADE"), primary_key=True),
    Column("peg_id", ForeignKey("zoo_peg.id", ondelete="CASCADE"), primary_key=True),
)


class Coat(WardrobeBase):
    __tablename__ = "zoo_coat"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(20), default="")
    peg_id: Mapped[str | None] = mapped_column(ForeignKey("zoo_peg.id"), index=True)
    peg: Mapped[Peg | None] = relationship(back_populates="coats")
    spares: Mapped[set[Peg]] = relationship(secondary=SPARES)


class CoatInline(TabularInline, model=Coat):
    fields = ("id", "value")
    form_include_pk = True
    extra = 1


class PegAdmin(ModelAdmin, model=Peg):
    identity = "peg"
    list_display = ("id", "value")
    fields = ("id", "value")
    form_include_pk = True
    search_fields = ("id",)
    inlines = (CoatInline,)


class CoatAdmin(ModelAdmin, model=Coat):
    identity = "coat"
    list_display = ("id", "value", "peg")
    details_display = ("id", "value", "peg", "spares")
    fields = ("id", "value", "peg", "spares")
    form_include_pk = True
    autocomplete_fields = ("peg", "spares")
    list_editable = ("peg",)
    bulk_editable = ("peg",)
    list_filter = ("peg",)
    can_import = True
    export_types = ("json",)


class CoatByKeyAdmin(ModelAdmin, model=Coat):
    identity = "coat_by_key"
    list_display = ("id", "value")
    fields = ("value", "peg", "spares")
    raw_id_fields = ("peg",)
    filter_horizontal = ("spares",)


MODELS = (Peg, Coat)
VIEWS = (PegAdmin, CoatAdmin, CoatByKeyAdmin)
