from typing import Any, ClassVar

from dovetail.contrib.admin.views import ModelAdmin
from tests.contrib.admin.drawer.models import Lists, Odd, Pair, Shelf, Specimen

TYPED = (
    *("name", "notes", "content", "is_good", "is_rare", "small", "whole", "large", "weight", "factor", "double"),
    *("price", "ratio", "found_on", "opens", "seen_at", "zoned_at", "naive_at", "lasts", "token", "token_text"),
    *("colour", "size", "shade", "facts", "must_facts", "words", "late", "other"),
)
COMPUTED = ("doubled", "alias", "name_length", "name_twice", "neighbours")
ONLY_SHOWN = ("data", "loud", "whispered", "extent", "shelf_label")
UNSORTED = ("facts", "must_facts", "words")


class SpecimenAdmin(ModelAdmin, model=Specimen):
    column_list = (*TYPED, *COMPUTED, *ONLY_SHOWN, "shelf", "owner", "shelf.label", "owner.username")
    column_searchable_list = (*TYPED, *COMPUTED, "shelf.label")
    searches_texts = True
    column_sortable_list = (*(name for name in (*TYPED, *COMPUTED) if name not in UNSORTED), "shelf", "owner.username")
    column_sort_paths: ClassVar[dict[str, str]] = {"shelf": "shelf.label"}
    column_default_sort = ("id", True)
    column_filters = (*(name for name in (*TYPED, *COMPUTED) if name not in UNSORTED), "shelf", "owner")
    form_columns = (*TYPED, "shelf", "owner")
    form_ajax_refs: ClassVar[dict[str, dict[str, Any]]] = {
        "shelf": {"fields": ("label",)},
        "owner": {"fields": ("username",), "order_by": "username"},
    }


class ShelfAdmin(ModelAdmin, model=Shelf):
    column_list = ("key", "label", "specimens", "specimens.name")
    column_sortable_list = column_searchable_list = ("key", "label")
    column_filters = ("label", "specimens")
    form_columns = ("key", "label", "specimens")
    form_include_pk = True
    form_ajax_refs: ClassVar[dict[str, dict[str, Any]]] = {"specimens": {"fields": ("name",)}}


class OddAdmin(ModelAdmin, model=Odd):
    column_list = ("key", "data", "errors", "process")
    column_sortable_list = column_searchable_list = column_filters = column_list
    form_columns = column_list
    form_include_pk = True


class PairAdmin(ModelAdmin, model=Pair):
    column_list = ("left", "right", "title")
    column_sortable_list = column_searchable_list = column_filters = column_list
    form_columns = column_list
    form_include_pk = True


class ReadOnlyAdmin(ModelAdmin, model=Specimen):
    """Shows fields that nobody may write."""

    identity = "sealed"
    name = "Sealed specimen"
    column_list = ("name",)
    form_columns = ("name", "notes", "is_good", "colour", "seen_at", "shelf", "whole")
    form_ajax_refs: ClassVar[dict[str, dict[str, Any]]] = {"shelf": {"fields": ("label",)}}
    form_widget_args: ClassVar[dict[str, dict[str, Any]]] = {
        "name": {"readonly": True},
        "notes": {"disabled": True},
        "is_good": {"readonly": True},
        "colour": {"disabled": True},
        "seen_at": {"readonly": "readonly"},
        "shelf": {"readonly": True},
        "whole": {"readonly": False},
    }


class ListsAdmin(ModelAdmin, model=Lists):
    """What PostgreSQL alone has."""

    name_plural = "Lists"
    column_list = ("name", "numbers", "words", "days", "facts", "mood", "colour", "matrix", "address", "vector")
    column_sortable_list = ("numbers", "days", "facts", "mood", "colour", "address", "vector")
    column_searchable_list = column_list
    column_filters = ("mood", "colour")
    form_columns = ("name", "numbers", "words", "days", "facts", "mood", "colour", "address")
