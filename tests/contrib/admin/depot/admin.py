from collections.abc import Sequence

from sqlalchemy import or_
from starlette.requests import Request
from wtforms import Field, Form, ValidationError

from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.views import ChangeList, ListFormSet, ModelAdmin, ShowFacets, action
from tests.contrib.admin.depot.models import Courier, Parcel, Stage


class ParcelAdmin(ModelAdmin, model=Parcel):
    identity = "parcels"
    name = "Parcel"
    list_display = ("label", "weight", "stage", "is_paid", "sent_on", "courier")
    details_display = ("label", "note")
    list_editable = ("weight", "stage", "is_paid", "sent_on", "courier")
    list_filter = ("stage", "is_paid", "sent_on", "courier", "weight")
    search_fields = ("label",)
    sort_paths = {"courier": "courier.name"}  # noqa: RUF012 - as an author might write it
    ordering = ("label",)
    fields = ("label", "weight", "stage", "is_paid", "sent_on", "courier")
    autocomplete_fields = {"courier": {"fields": ("name",)}}  # noqa: RUF012 - as above
    actions_on_bottom = True
    can_import = True
    export_types = ["csv", "json", "xlsx"]  # noqa: RUF012 - as above
    bulk_editable = ("weight", "stage", "is_paid", "sent_on", "courier")

    async def get_search_results(self, request: Request, statement: AnySelect, term: str) -> AnySelect:
        """A number is a weight, too."""
        found = await super().get_search_results(request, statement, term)
        return statement.where(Parcel.weight == int(term)) if term.isdecimal() else found

    @action("send", "Send")
    async def send(self, request: Request, parcels: Sequence[Parcel]) -> str:
        return f"{len(parcels)} sent."


class NotTooHeavy(ListFormSet):
    async def clean(self) -> None:
        if sum(row.data().get("weight") or 0 for row in self.rows) > 1000:
            self.errors.append("That is more than the van takes.")


class RelabelledAdmin(ModelAdmin, model=Parcel):
    """Lets nobody change what was delivered, and the label alone of what is paid."""

    identity = "relabelled"
    name = "Parcel"
    list_display = ("__str__", "label", "weight")
    list_editable = ("label", "weight")
    bulk_editable = ("weight",)
    fields = ("label", "weight")
    ordering = ("label",)

    def has_change_permission(self, request: Request, obj: object | None = None) -> bool:
        return not (isinstance(obj, Parcel) and obj.stage is Stage.DELIVERED)

    def get_readonly_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        return ("weight",) if isinstance(obj, Parcel) and obj.is_paid else ()

    async def get_changelist_form(self, request: Request) -> type[Form]:
        made = await super().get_changelist_form(request)
        return type("ShortLabels", (made,), {"validate_label": _is_short})

    def get_changelist_formset(self, request: Request) -> type[ListFormSet]:
        return NotTooHeavy


def _is_short(form: Form, field: Field) -> None:
    if len(field.data) > 10:
        raise ValidationError("A label has ten letters at most.")


class HeavyList(ChangeList):
    async def matching(self, without: str = "") -> AnySelect:
        return (await super().matching(without)).where(or_(Parcel.weight > 1, Parcel.is_paid))


class ShelvedAdmin(ModelAdmin, model=Parcel):
    """Offers nothing for selected rows, and lists what is heavy or paid."""

    identity = "shelved"
    list_display = ("label", "weight")
    fields = ("label", "courier")
    autocomplete_fields = ("courier",)
    ordering = ("label",)
    actions_on_top = False
    actions_selection_counter = False
    list_filter = ("is_paid",)
    show_facets = ShowFacets.ALWAYS

    def get_changelist(self, request: Request) -> type[ChangeList]:
        return HeavyList


class CourierAdmin(ModelAdmin, model=Courier):
    identity = "couriers"
    list_filter = ("name",)
    search_fields = ("name",)
    show_facets = ShowFacets.NEVER
    list_display = ("name",)
    fields = ("name",)
    actions_on_top = False
    actions_on_bottom = True
    actions_selection_counter = False

    async def get_search_results(self, request: Request, statement: AnySelect, term: str) -> AnySelect:
        """Ann goes by the name that she had once, too, and whoever has left is found by nothing."""
        found = await super().get_search_results(request, statement, "Ann" if term == "Annabel" else term)
        return found.where(Courier.name != "Bob")
