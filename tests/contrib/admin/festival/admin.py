from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from wtforms import Form, ValidationError

from dovetail.contrib.admin.views import (
    GenericTabularInline,
    InlineFormSet,
    ModelAdmin,
    StackedInline,
    TabularInline,
    user_of,
)
from dovetail.errors import InvalidInputError
from tests.contrib.admin.festival.models import Band, Booking, Festival, License, Memo, Shuttle, Slot, Stage


class SlotInline(TabularInline, model=Slot):
    fields = ("hour", "note")
    extra = 1
    max_num = 3


class StageInline(StackedInline, model=Stage):
    fields = ("name",)
    inlines = (SlotInline,)
    ordering_field = "place"
    extra = 1
    verbose_name = "Place to play"
    verbose_name_plural = "Places to play"


class LicenseInline(StackedInline, model=License):
    fields = ("number",)
    classes = ("collapse",)


class BookingsFormSet(InlineFormSet):
    def clean(self) -> None:
        if sum(row.form["fee"].data or 0 for row in self.kept_rows if "fee" in row.fields) > 10_000:
            raise ValidationError("The festival can pay no more than 10000.")


class BookingInline(TabularInline, model=Booking):
    fields = ("band", "fee")
    autocomplete_fields: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "band": {"fields": ("name",), "where": Band.name != "The Retired"}
    }
    formset = BookingsFormSet
    extra = 0
    ordering = ("fee",)


class ShuttleInline(TabularInline, model=Shuttle):
    fields = ("seats",)
    fk_name = "start_id"
    can_delete = False

    def get_extra(self, request: Request, obj: object | None = None) -> int:
        return 0

    def get_min_num(self, request: Request, obj: object | None = None) -> int | None:
        return 1 if user_of(request).is_superuser else None

    def get_max_num(self, request: Request, obj: object | None = None) -> int | None:
        return 1 if obj is None else 2


class MemoInline(GenericTabularInline, model=Memo):
    fields = ("text",)
    extra = 1
    show_change_link = True


class FestivalAdmin(ModelAdmin, model=Festival):
    """Has everything but shuttles."""

    list_display = ("name",)
    fields = ("name",)
    save_as = True
    inlines = (StageInline, LicenseInline, BookingInline, MemoInline)

    async def save_formset(self, request: Request, form: Form, formset: InlineFormSet, *, change: bool) -> None:
        for row in await formset.save(commit=False):
            if isinstance(row, Booking):
                row.booked_by = user_of(request).username
        await formset.save()


class HookedFestivalAdmin(ModelAdmin, model=Festival):
    """Answers by who asks and for what."""

    identity = "hooked-festival"
    list_display = ("name",)
    fields = ("name",)

    def get_inlines(self, request: Request, obj: object | None) -> Sequence[type[TabularInline]]:
        if isinstance(obj, Festival) and obj.name.startswith("Booked"):
            return (BookingInline,)
        return (ShuttleInline, MemoInline) if user_of(request).is_superuser else ()

    def get_inline_instances(self, request: Request, obj: object | None = None) -> Sequence[Any]:
        found = super().get_inline_instances(request, obj)
        return found[:1] if isinstance(obj, Festival) and obj.name.startswith("Closed") else found

    async def get_formsets_with_inlines(
        self, request: Request, obj: object | None = None
    ) -> AsyncIterator[tuple[type[InlineFormSet], Any]]:
        for inline in self.get_inline_instances(request, obj):
            if obj is not None or not isinstance(inline, MemoInline):
                yield await inline.get_formset(request, obj), inline

    async def save_related(
        self, request: Request, form: Form, formsets: Sequence[InlineFormSet], *, change: bool
    ) -> None:
        await super().save_related(request, form, formsets, change=change)
        if any(isinstance(row, Shuttle) and row.seats > 90 for formset in formsets for row in formset.changed_objects):
            raise InvalidInputError("No shuttle has more than 90 seats.")

    def get_formset_kwargs(
        self, request: Request, obj: object | None, inline: object, prefix: str
    ) -> Mapping[str, object]:
        return {"instance": obj, "prefix": prefix, "initial": [{"seats": 50}]}


class BandAdmin(ModelAdmin, model=Band):
    list_display = ("name",)
    fields = ("name",)


class MemoAdmin(ModelAdmin, model=Memo):
    list_display = ("text",)
    fields = ("text",)
