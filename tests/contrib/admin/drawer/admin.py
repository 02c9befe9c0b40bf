from typing import Any, ClassVar

from dovetail.contrib.admin.views import ModelAdmin
from tests.contrib.admin.drawer.models import Odd, Pair, Shelf, Specimen

TYPED = (
    *("name", "notes", "content", "is_good", "is_rare", "small", "whole", "large", "weight", "factor", "double"),
    *("price", "ratio", "found_on", "opens", "seen_at", "zoned_at", "naive_at", "lasts", "token", "token_text"),
    *("colour", "size", "shade", "facts", "must_facts", "words", "late", "other"),
)
COMPUTED = ("doubled", "alias", "name_length", "name_twice", "neighbours")
ONLY_SHOWN = ("data", "loud", "whispered", "halved", "extent", "shelf_label")
UNSORTED = ("facts", "must_facts", "words")


class SpecimenAdmin(ModelAdmin, model=Specimen):
    list_display = (*TYPED, *COMPUTED, *ONLY_SHOWN, "shelf", "owner", "shelf.label", "owner.username", "letters")
    search_fields = (*TYPED, *COMPUTED, "shelf.label")
    searches_texts = True
    sortable_by = (*(name for name in (*TYPED, *COMPUTED) if name not in UNSORTED), "shelf", "owner.username")
    sort_paths: ClassVar[dict[str, str]] = {"shelf": "shelf.label"}
    ordering = ("-id",)
    list_filter = (*(name for name in (*TYPED, *COMPUTED) if name not in UNSORTED), "shelf", "owner")
    fields = (*TYPED, "shelf", "owner")
    can_import = True
    autocomplete_fields: ClassVar[dict[str, dict[str, Any]]] = {
        "shelf": {"fields": ("label",)},
        "owner": {"fields": ("username",), "order_by": "username"},
    }

    def letters(self, obj: Specimen) -> int | None:
        return len(obj.notes) if obj.notes else None


class ShelfAdmin(ModelAdmin, model=Shelf):
    list_display = ("key", "label", "specimens", "specimens.name")
    sortable_by = search_fields = ("key", "label")
    list_filter = ("label", "specimens")
    fields = ("key", "label", "specimens", "keeper_id", "deputy_id")
    form_include_pk = True
    autocomplete_fields: ClassVar[dict[str, dict[str, Any]]] = {"specimens": {"fields": ("name",)}}


class OddAdmin(ModelAdmin, model=Odd):
    list_display = ("key", "data", "errors", "process")
    sortable_by = search_fields = list_filter = list_display
    fields = list_display
    form_include_pk = True
    list_editable = bulk_editable = ("data", "errors", "process")
    can_import = True


class PairAdmin(ModelAdmin, model=Pair):
    list_display = ("left", "right", "title")
    sortable_by = search_fields = list_filter = list_display
    fields = list_display
    form_include_pk = True


class ReadOnlyAdmin(ModelAdmin, model=Specimen):
    """Shows fields that nobody may write."""

    identity = "sealed"
    name = "Sealed specimen"
    list_display = ("name",)
    fields = ("name", "notes", "is_good", "colour", "seen_at", "shelf", "whole")
    autocomplete_fields: ClassVar[dict[str, dict[str, Any]]] = {"shelf": {"fields": ("label",)}}
    widget_args: ClassVar[dict[str, dict[str, Any]]] = {
        "name": {"readonly": True},
        "notes": {"disabled": True},
        "is_good": {"readonly": True},
        "colour": {"disabled": True},
        "seen_at": {"readonly": "readonly"},
        "shelf": {"readonly": True},
        "whole": {"readonly": False},
    }
