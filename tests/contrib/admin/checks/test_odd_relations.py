"""Relations of which a page can make nothing are refused, and rows of inlines may be those of heirs."""

import pytest
from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import DynamicMapped, Mapped, WriteOnlyMapped, attribute_keyed_dict, mapped_column, relationship

from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.views import ModelAdmin, TabularInline
from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class FirmBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Firm(IdMixin, FirmBase):
    __tablename__ = "firm"
    town_id: Mapped[int | None] = mapped_column(ForeignKey("firm_town.id"))
    name: Mapped[str] = mapped_column(String(20))
    facts: Mapped[dict[str, "Fact"]] = relationship(collection_class=attribute_keyed_dict("key"))
    logged: DynamicMapped["Fact"] = relationship(viewonly=True)
    written: WriteOnlyMapped["Fact"] = relationship(viewonly=True)
    staff: Mapped[list["Clerk"]] = relationship()
    branches: Mapped[list["FirmBranch"]] = relationship(back_populates="firm")
    branch_names: AssociationProxy[list[str]] = association_proxy("branches", "name")
    towns: AssociationProxy[list["FirmTown"]] = association_proxy("branches", "town")


class Fact(FirmBase):
    __tablename__ = "firm_fact"
    firm_id: Mapped[int] = mapped_column(ForeignKey("firm.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(20), primary_key=True)


class Somebody(IdMixin, FirmBase):
    __tablename__ = "firm_somebody"
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(20))
    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "somebody"}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar


class Clerk(Somebody):
    __tablename__ = "firm_clerk"
    id: Mapped[int] = mapped_column(ForeignKey("firm_somebody.id"), primary_key=True)
    desk: Mapped[str] = mapped_column(String(20))
    firm_id: Mapped[int] = mapped_column(ForeignKey("firm.id"))
    __mapper_args__ = {"polymorphic_identity": "clerk"}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar


class FirmBranch(IdMixin, FirmBase):
    __tablename__ = "firm_branch"
    firm_id: Mapped[int] = mapped_column(ForeignKey("firm.id"))
    town_id: Mapped[int | None] = mapped_column(ForeignKey("firm_town.id"))
    name: Mapped[str] = mapped_column(String(20), default="")
    firm: Mapped[Firm] = relationship(back_populates="branches")
    town: Mapped["FirmTown | None"] = relationship()


class BranchAdmin(ModelAdmin, model=FirmBranch):
    list_display = ("id", "firm.facts", "firm__logged__key")
    can_create = can_edit = False


class FirmInline(TabularInline, model=Firm):
    fields = (("name", "facts"),)
    autocomplete_fields = ("facts",)


class FirmTown(IdMixin, FirmBase):
    __tablename__ = "firm_town"
    name: Mapped[str] = mapped_column(String(20))


class ClerkInline(TabularInline, model=Clerk):
    fields = ("name", "desk")


class NamelessInline(TabularInline, model=Clerk):
    fields = ("desk",)


def problems(**options: object) -> list[str]:
    given = {"list_display": ("name",), "fields": ("name",), **options}
    return find_problems(type(ModelAdmin)("FirmAdmin", (ModelAdmin,), given, model=Firm))


@pytest.mark.parametrize("option", ["list_display", "details_display", "fields", "readonly_fields"])
@pytest.mark.parametrize(("name", "why"), [("facts", "by keys"), ("logged", "'dynamic'"), ("written", "'write_only'")])
def test_rows_that_are_kept_by_keys_or_never_loaded_are_refused_on_a_page(option, name, why):
    (told,) = problems(**{option: (name,)})
    assert told.startswith(f"FirmAdmin: {option} names {name!r}, whose rows are ")
    assert why in told
    assert told.endswith("; write an inline of its model, or a property that returns what is to be shown")


@pytest.mark.parametrize("option", ["list_display", "details_display"])
def test_an_association_proxy_that_leads_to_objects_is_refused_with_the_path_that_shows_them(option):
    (told,) = problems(**{option: ("branch_names", "towns")})
    assert told == (
        f"FirmAdmin: {option} names 'towns', an association proxy that leads to objects; write the path: "
        "'branches.town'"
    )
    assert problems(**{option: ("branch_names", "branches.town")}) == []


def test_they_are_refused_in_groups_of_a_form_in_a_line_of_it_at_the_end_of_a_path_and_in_an_inline():
    refused = "names 'facts', whose rows are kept by keys"
    line = ("name", "facts")
    for options in ({"fields": (line,)}, {"fields": (), "fieldsets": ((None, {"fields": line}),)}):
        (told,) = problems(autocomplete_fields=("facts",), **options)
        assert told.startswith(f"FirmAdmin: fields {refused}")
    far, farther = find_problems(BranchAdmin)
    assert far.startswith("BranchAdmin: list_display names 'firm.facts', whose rows are kept by keys")
    assert farther.startswith("BranchAdmin: list_display names 'firm.logged', whose rows are never loaded")
    given = {"list_display": ("name",), "fields": ("name",), "inlines": (FirmInline,)}
    (told,) = find_problems(type(ModelAdmin)("TownAdmin", (ModelAdmin,), given, model=FirmTown))
    assert f"FirmInline: fields {refused}" in told


def test_a_new_row_of_an_heir_needs_neither_its_key_nor_its_kind_from_the_form():
    assert problems(inlines=(ClerkInline,)) == []
    (told,) = problems(inlines=(NamelessInline,))
    assert "NamelessInline: a new row needs 'name', which the form does not have" in told
