"""Options of views with odd values: those that are refused, with words of the refusal, and those that work."""

from collections.abc import Iterator
from typing import Any

from sqladmin.filters import (
    AllUniqueStringValuesFilter,
    BooleanFilter,
    ForeignKeyFilter,
    OperationColumnFilter,
    StaticValuesFilter,
)
from sqlalchemy import func
from wtforms import Form, IntegerField, RadioField, StringField
from wtforms.validators import DataRequired, ReadOnly

from dovetail.contrib.admin.views import ChoiceFilter, ColumnFilter, ModelAdmin, RelationFilter
from dovetail.contrib.auth.models import User
from tests.contrib.admin.drawer.models import Colour, Odd, Pair, Shelf, Size, Specimen

BASE: dict[str, Any] = {
    "column_list": ("name",),
    "form_columns": ("name", "shelf"),
    "form_ajax_refs": {"shelf": {"fields": ("label",)}, "owner": {"fields": ("username",)}},
}
NO_COLUMN = "which Specimen does not have"


class NoFilter:
    def get_filtered_query(self) -> None: ...


class OwnFilter:
    """A filter as authors write them."""

    title = "Own"
    parameter_name = "own"
    template = "sqladmin/filters/lookup_filter.html"

    async def lookups(self, request: Any, model: Any, run_query: Any) -> list[tuple[str, str]]:
        return [("all", "All"), ("a", "With an a")]

    async def get_filtered_query(self, query: Any, value: Any, model: Any) -> Any:
        return query.where(model.name.contains(value)) if value == "a" else query


class OwnForm(Form):
    """A form that is derived from nothing of ours."""

    name = StringField("Name", [DataRequired()])
    whole = IntegerField("Whole")


async def plain(self: Any, *args: Any, **kwargs: Any) -> Any: ...


def shout(obj: Any, name: str) -> str:
    return str(getattr(obj, name)).upper()


REFUSED: list[tuple[dict[str, Any], str]] = [
    *(
        ({option: "name"}, f"{option} is the text 'name'; write ('name',)")
        for option in ("column_list", "column_filters")
    ),
    *(
        ({option: "name"}, "is the text 'name'")
        for option in ("form_columns", "column_sortable_list", "column_export_list")
    ),
    *(({option: "name"}, "is the text 'name'") for option in ("column_searchable_list", "column_details_list")),
    *(
        ({option: 3}, f"{option} is 3, expected a tuple")
        for option in ("column_list", "column_filters", "page_size_options")
    ),
    *(({option: [3]}, f"{option} holds 3, expected names") for option in ("column_list", "column_sortable_list")),
    *(({option: ("nope",)}, NO_COLUMN) for option in ("column_list", "column_details_list", "column_export_list")),
    *(
        ({option: ("nope",)}, NO_COLUMN)
        for option in ("form_columns", "column_searchable_list", "column_sortable_list")
    ),
    *(({option: ("shelf.nope",)}, NO_COLUMN) for option in ("column_list", "column_searchable_list")),
    *(({option: ("owner.hashed_password",)}, "never shown") for option in ("column_list", "column_searchable_list")),
    ({"column_list": [Odd.data]}, "column_list holds Odd.data, which is of another model"),
    ({"column_list": [func.lower(Specimen.name)]}, "expected names or attributes of Specimen"),
    ({"column_list": ("shout",)}, "column_list names 'shout', a method; make it a property"),
    *(
        ({"column_searchable_list": (name,)}, f"names {name!r}")
        for name in ("whispered", "loud", "extent", "shelf", "shelf_label")
    ),
    *(
        ({"column_sortable_list": (name,)}, "no database can order")
        for name in ("whispered", "loud", "extent", "facts")
    ),
    ({"column_sortable_list": ("shelf",)}, "a relation; say in column_sort_paths by which column"),
    ({"column_sortable_list": ("shelf_label",)}, "an association proxy, which no database can order"),
    ({"column_sortable_list": ("shelf.specimens.name",)}, "of which a row has several"),
    ({"column_sortable_list": ("shelf",), "column_sort_paths": {"shelf": "shelf.nope"}}, NO_COLUMN),
    ({"column_sortable_list": ("owner",), "column_sort_paths": {"owner": "owner.hashed_password"}}, "never shown"),
    ({"column_sort_paths": {"shelf": "shelf.label"}}, "which column_sortable_list does not name"),
    ({"column_sort_paths": {Specimen.shelf: "shelf.label"}}, "keyed by names; write 'shelf'"),
    ({"column_default_sort": "nope"}, NO_COLUMN),
    ({"column_default_sort": ("name", True, 3)}, "column_default_sort holds ('name', True, 3)"),
    ({"column_default_sort": ("shelf", True)}, "column_default_sort names 'shelf', a relation"),
    ({"column_default_sort": 3}, "column_default_sort holds 3"),
    ({"column_filters": ("nope",)}, "which is no column and no relation of Specimen itself"),
    ({"column_filters": ("shelf.label",)}, "no column and no relation of Specimen itself"),
    *(
        ({"column_filters": (name,)}, "nothing can be compared")
        for name in ("facts", "data", "whispered", "extent", "untyped")
    ),
    *(
        ({"column_filters": (make(Specimen.facts),)}, "nothing can be compared")
        for make in (ColumnFilter, OperationColumnFilter)
    ),
    (
        {"column_filters": ("shelf",), "form_ajax_refs": {}, "form_columns": ("name",)},
        "without an autocomplete; add form_ajax_refs",
    ),
    (
        {"column_filters": (RelationFilter(Specimen.shelf),), "form_ajax_refs": {}, "form_columns": ("name",)},
        "without an autocomplete",
    ),
    ({"column_filters": (ColumnFilter,)}, "holds the class ColumnFilter; make one: ColumnFilter(...)"),
    ({"column_filters": (NoFilter(),)}, "which has no parameter_name"),
    ({"column_filters": ("name", ColumnFilter(Specimen.name))}, "a filter called 'name', a name that is taken"),
    ({"column_filters": (ColumnFilter(Specimen.name, parameter_name="page"),)}, "a filter called 'page'"),
    *(
        ({"form_columns": (name,)}, "which a form cannot edit")
        for name in ("whispered", "loud", "name_twice", "name_length")
    ),
    *(({"form_columns": (name,)}, "which a form cannot edit") for name in ("extent", "shelf_label", "shout")),
    ({"form_columns": ("alias",)}, "a synonym; name 'name' itself"),
    ({"form_columns": ("shelf.label",)}, "which is of another object; edit it there"),
    ({"form_columns": ("owner_id",)}, "a foreign key; name the relation 'owner'"),
    ({"form_columns": ("id",)}, "a key, which a form leaves out unless form_include_pk is set"),
    ({"form_columns": ("doubled",)}, "which the database computes; take it out"),
    ({"form_columns": ("data",)}, "which has no field (bytes cannot be typed); take it out, or give form_overrides"),
    ({"form_columns": ("owner",), "form_ajax_refs": {}}, "the form edits 'owner' without an autocomplete"),
    ({"form_ajax_refs": {"nope": {"fields": ("name",)}}}, "form_ajax_refs['nope'] is for a relation"),
    ({"form_ajax_refs": {"name": {"fields": ("name",)}}}, "form_ajax_refs['name'] is for a relation"),
    ({"form_ajax_refs": {"shelf": ("label",)}}, "expected a dict with some of fields, limit, order_by, where"),
    ({"form_ajax_refs": {"shelf": {"fields": ("label",), "page_size": 3}}}, "expected a dict with some of"),
    *(({"form_ajax_refs": {"shelf": {"fields": fields}}}, "needs fields") for fields in ((), "label", None)),
    ({"form_ajax_refs": {"shelf": {"fields": ("nope",)}}}, "fields names 'nope', which is no column of Shelf"),
    (
        {"form_ajax_refs": {"shelf": {"fields": ("specimens",)}}},
        "fields names 'specimens', which is no column of Shelf",
    ),
    ({"form_ajax_refs": {"shelf": {"fields": ("specimens.name",)}}}, "needs order_by"),
    (
        {"form_ajax_refs": {"owner": {"fields": ("hashed_password",)}}},
        "fields names 'hashed_password', which is never shown",
    ),
    ({"form_ajax_refs": {"shelf": {"fields": ("label",), "order_by": "nope"}}}, "order_by names 'nope'"),
    ({"form_ajax_refs": {"shelf": {"fields": ("label",), "limit": 0}}}, "limit is 0"),
    ({"form_ajax_refs": {"shelf": {"fields": ("label",), "where": "x"}}}, "where is 'x'"),
    *(({option: {"nope": {}}}, NO_COLUMN) for option in ("form_args", "form_widget_args", "column_labels")),
    *(
        ({option: {Specimen.name: {}}}, "is keyed by names; write 'name'")
        for option in ("form_args", "form_widget_args")
    ),
    *(({option: ["name"]}, "expected a dict") for option in ("form_args", "column_labels", "column_formatters")),
    ({"column_formatters": {"name": "upper"}}, "column_formatters formats 'name' with 'upper', expected a function"),
    ({"column_type_formatters": {str: 3}}, "expected a function"),
    ({"form_args": {"name": {"nonsense": 1}}}, "its form cannot be made: TypeError"),
    ({"form_overrides": {"name": str}}, "its form cannot be made"),
    ({"form_overrides": {"name": RadioField}, "form_args": {"name": {"choices": 3}}}, "its form cannot be made"),
    *(({"page_size": value}, "page_size is") for value in (0, -1, "25", None, True, 2.5)),
    *(({"page_size_options": value}, "page_size_options is") for value in ((), (0,), ("25",))),
    *(({"count_limit": value}, "count_limit is") for value in (0, None)),
    ({"export_types": ["csv", "json"]}, "export_types offers 'json', expected 'csv'"),
    *(({option: 3}, f"{option} is 3, expected a text") for option in ("name_plural", "icon", "category")),
    *(({option: value}, f"{option} is set, but") for option, value in (("form_rules", ["name"]), ("save_as", True))),
    *(({option: value}, "take it out") for option, value in (("export_max_rows", 3), ("show_compact_lists", False))),
    *(({method: plain}, f"{method} is overridden, but nothing asks it") for method in ("list_query", "count_query")),
    *(({method: plain}, "override") for method in ("insert_model", "delete_model", "get_export_name", "details_query")),
]

WORKS: list[dict[str, Any]] = [
    {"column_list": [Specimen.name, "shelf", Specimen.name_length, "shelf.label", "shelf.specimens.name", "alias"]},
    {"column_list": ["shelf_label", "extent", "loud", "whispered", "data", "late", "facts", "size"]},
    {
        "column_details_list": ["late", "owner.username"],
        "column_export_list": ["late", "shelf.specimens.name", Specimen.shelf],
    },
    {"column_searchable_list": ["data", "facts", "size", "seen_at", "lasts", "shelf.specimens.name", "neighbours"]},
    {
        "column_sortable_list": [
            Specimen.name_twice,
            "neighbours",
            "data",
            "size",
            "lasts",
            "alias",
            "late",
            "shelf.label",
        ]
    },
    {"column_sortable_list": ["shelf"], "column_sort_paths": {"shelf": "shelf.label"}, "column_default_sort": "shelf"},
    *(
        {"column_default_sort": sort}
        for sort in ("name", ("name", True), ["name", ("whole", True)], Specimen.name, "alias")
    ),
    {"column_default_sort": [("shelf.label", True), Specimen.seen_at]},
    {
        "column_filters": [
            Specimen.seen_at,
            "is_rare",
            "colour",
            "size",
            "shade",
            "shelf",
            Specimen.owner,
            "name_length",
        ]
    },
    {
        "column_filters": [
            OperationColumnFilter(Specimen.seen_at),
            OperationColumnFilter("whole"),
            BooleanFilter("is_good"),
        ]
    },
    {"column_filters": [BooleanFilter(Specimen.is_good, default_value=False), OwnFilter()]},
    {"column_filters": [AllUniqueStringValuesFilter(Specimen.found_on), AllUniqueStringValuesFilter("whole")]},
    {"column_filters": [StaticValuesFilter(Specimen.whole, [("3", "Three")], default_value="3")]},
    {"column_filters": [ForeignKeyFilter(Specimen.owner_id, User.username, title="Owner")]},
    {"column_filters": [ChoiceFilter(Specimen.colour, Colour), ChoiceFilter(Specimen.size, Size)]},
    {"column_filters": [RelationFilter(Specimen.owner), ColumnFilter(Specimen.name, "Called", "called")]},
    {"form_columns": [Specimen.name, Specimen.shelf]},
    {"form": OwnForm, "form_columns": ("name", "whole")},
    {"form_columns": ("name", "whole"), "form_overrides": {"whole": IntegerField, Specimen.name: StringField}},
    {"form_overrides": {"name": RadioField}, "form_args": {"name": {"choices": [("Ammonite", "Ammonite")]}}},
    {
        "form_args": {
            "name": {"label": "Called", "validators": [DataRequired()], "description": "<b>", "default": "New"}
        }
    },
    {"form_args": {"name": {"validators": [ReadOnly()]}}, "form_widget_args": {"name": {"placeholder": '"<>'}}},
    {
        "form_ajax_refs": {
            "shelf": {"fields": (Shelf.label,), "order_by": Shelf.label, "limit": 1, "where": Shelf.label != "x"}
        }
    },
    {"form_ajax_refs": {"shelf": {"fields": ("specimens.name", "key"), "order_by": ("label", "key")}}},
    {"column_labels": {Specimen.name: "Called", "whole": "<i>"}, "column_formatters": {"name": shout}},
    {"column_type_formatters": {}, "column_list": ["name", "is_good", "is_rare", "seen_at", "data", "size"]},
    {"page_size": 1, "page_size_options": (1, 2), "count_limit": 1},
    {"can_create": False, "can_edit": False, "form_columns": ()},
    {"can_view_details": False, "can_delete": False, "can_export": False},
    {"export_types": []},
    {"name": "Ä <b>", "name_plural": "", "category": "<i>", "icon": 'x" onclick="'},
    {"non_link_related_fields": ["shelf", Specimen.owner], "column_list": ["name", "shelf", "owner"]},
]


def refused(options: dict[str, Any]) -> type[ModelAdmin]:
    return make("OddAdmin", options)


def views() -> Iterator[type[ModelAdmin]]:
    """Views with options that work, each at `/odd-<number>`."""
    for number, options in enumerate(WORKS):
        yield make(f"Odd{number}Admin", {"name": f"Odd {number}", "identity": f"odd-{number}"} | options)
    yield make("PairsAdmin", {"identity": "odd-pair", "column_list": ("title",), "form_columns": ("title",)}, Pair)


def make(name: str, options: dict[str, Any], model: type[Any] = Specimen) -> type[ModelAdmin]:
    made: type[ModelAdmin] = type(ModelAdmin)(
        name, (ModelAdmin,), BASE | options if model is Specimen else options, model=model
    )
    return made
