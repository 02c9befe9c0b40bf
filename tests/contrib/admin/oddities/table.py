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
from sqladmin.forms import ModelConverter
from sqlalchemy import String, Text, func
from wtforms import Form, IntegerField, RadioField, StringField
from wtforms.validators import DataRequired, ReadOnly
from wtforms.widgets import TextArea

from dovetail.contrib.admin.views import (
    ChoiceFilter,
    ColumnFilter,
    DateFilter,
    EmptyFilter,
    ModelAdmin,
    RelationFilter,
    action,
)
from dovetail.contrib.auth.models import User
from tests.contrib.admin.drawer.models import Colour, Odd, Pair, Shelf, Size, Specimen

BASE: dict[str, Any] = {
    "list_display": ("name",),
    "fields": ("name", "shelf"),
    "autocomplete_fields": {"shelf": {"fields": ("label",)}, "owner": {"fields": ("username",)}},
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


async def slow(obj: Any) -> str: ...


async def told(self: Any, request: Any, objects: Any) -> None: ...


async def say(self: Any, request: Any, objects: Any) -> None: ...


def first_letter(obj: Any) -> str:
    return str(obj.name[:1])


def shout(obj: Any, name: str) -> str:
    return str(getattr(obj, name)).upper()


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"save_as": True, "can_create": False}, "save_as is set, but can_create is False"),
    ({"save_as": True, "can_edit": False}, "save_as is set, but can_edit is False"),
    ({"save_as_continue": False}, "save_as_continue is set, but save_as is False"),
    ({"prepopulated_fields": {"name": ("notes",)}, "can_create": False}, "prepopulated_fields is set, but can_create"),
    ({"export_display": ("name",), "can_export": False}, "export_display is set, but can_export is False"),
    ({"search_help_text": "Names", "search_fields": ()}, "search_help_text is set, but search_fields is empty"),
    ({"searches_texts": True}, "searches_texts is set, but search_fields is empty"),
    *(
        ({option: value, "can_create": False, "can_edit": False}, f"{option} is set, but can_create and can_edit are")
        for option, value in {
            "save_on_top": True,
            "readonly_fields": ("name",),
            "radio_fields": {"colour": "vertical"},
            "conditional_fields": {"name": ("is_good", (True,))},
            "field_args": {"name": {"label": "Called"}},
            "widget_args": {"name": {"size": 5}},
        }.items()
    ),
    ({"show_facets": True}, "show_facets is True, expected one of ShowFacets.ALWAYS, ShowFacets.ALLOW"),
    ({"actions_on_bottom": "yes"}, "actions_on_bottom is 'yes', expected True or False"),
    *(
        ({"list_editable": (name,), "list_display": ("name", "whole", first_letter, "data")} | more, words)
        for name, more, words in (
            ("is_good", {}, "list_editable names 'is_good', which list_display does not show"),
            ("name", {}, "list_editable names 'name', which leads to the object"),
            (
                "whole",
                {"readonly_fields": ("whole",), "fields": ("name", "whole")},
                "list_editable names 'whole', which readonly_fields keeps",
            ),
            ("first_letter", {}, "list_editable names 'first_letter', which is no column and no relation to one"),
            ("whole", {"can_edit": False}, "list_editable changes rows, but can_edit is False"),
        )
    ),
    *(
        ({option: "name"}, f"{option} is the text 'name'; write ('name',)")
        for option in ("list_display", "list_filter")
    ),
    *(({option: "name"}, "is the text 'name'") for option in ("fields", "sortable_by", "export_display")),
    *(({option: "name"}, "is the text 'name'") for option in ("search_fields", "details_display")),
    *(
        ({option: 3}, f"{option} is 3, expected a tuple")
        for option in ("list_display", "list_filter", "list_per_page_options")
    ),
    *(({option: [3]}, f"{option} holds 3, expected names") for option in ("list_display", "sortable_by")),
    *(({option: ("nope",)}, NO_COLUMN) for option in ("list_display", "details_display", "export_display")),
    *(({option: ("nope",)}, NO_COLUMN) for option in ("fields", "search_fields", "sortable_by")),
    *(({option: ("shelf.nope",)}, NO_COLUMN) for option in ("list_display", "search_fields")),
    *(({option: ("owner.hashed_password",)}, "never shown") for option in ("list_display", "search_fields")),
    ({"list_display": [Odd.data]}, "list_display holds Odd.data, which is of another model"),
    ({"list_display": [func.lower(Specimen.name)]}, "expected names or attributes of Specimen"),
    (
        {"list_display": ("owner.has_perm",)},
        "names 'owner.has_perm', a method of another object; write one of the view",
    ),
    ({"list_display": (slow,)}, "names 'slow', which would have to be awaited"),
    ({"list_display": (shout,)}, "names 'shout', which takes more than an object"),
    (
        {"list_display_links": ("whole",), "list_display": ("name",)},
        "list_display_links names 'whole', which",
    ),
    ({"search_fields": ("^nope",)}, "search_fields names 'nope', which Specimen does not have"),
    ({"search_fields": ("@notes",)}, "search_fields names '@notes', which full_text does not index"),
    *(
        ({"search_fields": (name,)}, f"names {name!r}")
        for name in ("whispered", "loud", "extent", "shelf", "shelf_label")
    ),
    *(({"sortable_by": (name,)}, "no database can order") for name in ("whispered", "loud", "extent", "facts")),
    ({"sortable_by": ("shelf",)}, "a relation; say in sort_paths by which column"),
    ({"sortable_by": ("shelf_label",)}, "an association proxy, which no database can order"),
    ({"sortable_by": ("shelf.specimens.name",)}, "of which a row has several"),
    ({"sortable_by": ("shelf",), "sort_paths": {"shelf": "shelf.nope"}}, NO_COLUMN),
    ({"sortable_by": ("owner",), "sort_paths": {"owner": "owner.hashed_password"}}, "never shown"),
    ({"sort_paths": {"shelf": "shelf.label"}, "list_display": ("name",)}, "which list_display does not name"),
    ({"sort_paths": {"shelf": "shelf.label"}, "sortable_by": ("name",)}, "which sortable_by does not name"),
    ({"sort_paths": {Specimen.shelf: "shelf.label"}}, "keyed by names; write 'shelf'"),
    ({"ordering": "nope"}, "ordering is the text 'nope'; write ('nope',)"),
    ({"ordering": ("-nope",)}, NO_COLUMN),
    ({"ordering": (("name", True),)}, "ordering holds ('name', True)"),
    ({"ordering": ("-shelf",)}, "ordering names 'shelf', a relation"),
    ({"ordering": 3}, "ordering is 3, expected a tuple"),
    ({"list_filter": ("nope",)}, "which is no column and no relation of Specimen"),
    ({"list_filter": ("shelf.nope",)}, "which is no column and no relation of Specimen"),
    ({"list_filter": ("shelf.specimens",)}, "a relation of another object; filter by a column of it"),
    ({"list_filter": ("owner__hashed_password",)}, "which is never shown"),
    ({"list_filter": (("name", "nope"),)}, "expected a name and a filter, such as ('author', EmptyFilter)"),
    (
        {"list_filter": ("found_on", ColumnFilter(Specimen.name, parameter_name="found_on_from"))},
        "the parameter 'found_on_from', which another filter uses",
    ),
    *(({"date_hierarchy": name}, "which is no column of dates") for name in ("name", "nope", "shelf.label")),
    *(
        ({"list_filter": (name,)}, "nothing can be compared")
        for name in ("facts", "data", "whispered", "extent", "untyped")
    ),
    *(
        ({"list_filter": (make(Specimen.facts),)}, "nothing can be compared")
        for make in (ColumnFilter, OperationColumnFilter)
    ),
    (
        {"list_filter": ("shelf",), "autocomplete_fields": {}, "fields": ("name",)},
        "without an autocomplete; add autocomplete_fields",
    ),
    (
        {"list_filter": (RelationFilter(Specimen.shelf),), "autocomplete_fields": {}, "fields": ("name",)},
        "without an autocomplete",
    ),
    ({"list_filter": (ColumnFilter,)}, "holds the class ColumnFilter, expected an instance: ColumnFilter(...)"),
    ({"list_filter": (NoFilter(),)}, "which has no parameter_name"),
    ({"list_filter": ("name", ColumnFilter(Specimen.name))}, "the parameter 'name', which another filter uses"),
    (
        {"list_filter": (ColumnFilter(Specimen.name, parameter_name="page"),)},
        "the parameter 'page', which the list uses",
    ),
    *(({"fields": (name,)}, "which a form cannot edit") for name in ("whispered", "loud", "name_twice", "name_length")),
    *(({"fields": (name,)}, "which a form cannot edit") for name in ("extent", "shelf_label", "shout")),
    ({"fields": ("alias",)}, "a synonym; name 'name' itself"),
    ({"fields": ("shelf.label",)}, "which is of another object; edit it there"),
    ({"fields": ("owner_id",)}, "a foreign key; name the relation 'owner'"),
    ({"fields": ("id",)}, "a key, which a form leaves out unless form_include_pk is set"),
    ({"fields": ("doubled",)}, "which the database computes; remove it"),
    ({"fields": ("data",)}, "which has no field (bytes cannot be typed; a FileField takes uploads); remove it, or"),
    ({"fields": ("owner",), "autocomplete_fields": {}}, "the form edits 'owner' without an autocomplete"),
    ({"autocomplete_fields": {"nope": {"fields": ("name",)}}}, "autocomplete_fields['nope'] is for a relation"),
    ({"autocomplete_fields": {"name": {"fields": ("name",)}}}, "autocomplete_fields['name'] is for a relation"),
    ({"autocomplete_fields": "shelf"}, "autocomplete_fields is 'shelf', expected a tuple of relations"),
    ({"autocomplete_fields": ("name",)}, "autocomplete_fields['name'] is for a relation"),
    (
        {"raw_id_fields": ("name",), "autocomplete_fields": ("shelf",)},
        "raw_id_fields names 'name', which is no",
    ),
    ({"raw_id_fields": ("shelf",)}, "'shelf' is chosen in two ways; name it in one of autocomplete_fields, raw_id"),
    ({"raw_id_fields": "shelf"}, "raw_id_fields is the text 'shelf'; write ('shelf',)"),
    *(
        ({option: ("owner",), "autocomplete_fields": ("shelf",)}, f"{option} names 'owner', of which there is one only")
        for option in ("filter_horizontal", "filter_vertical")
    ),
    ({"autocomplete_fields": {"shelf": ("label",)}}, "expected a dict with some of fields, limit, order_by, where"),
    ({"autocomplete_fields": {"shelf": {"fields": ("label",), "page_size": 3}}}, "expected a dict with some of"),
    *(({"autocomplete_fields": {"shelf": {"fields": fields}}}, "needs fields") for fields in ((), "label", None)),
    ({"autocomplete_fields": {"shelf": {"fields": ("nope",)}}}, "fields names 'nope', which is no column of Shelf"),
    (
        {"autocomplete_fields": {"shelf": {"fields": ("specimens",)}}},
        "fields names 'specimens', which is no column of Shelf",
    ),
    ({"autocomplete_fields": {"shelf": {"fields": ("specimens.name",)}}}, "needs order_by"),
    (
        {"autocomplete_fields": {"owner": {"fields": ("hashed_password",)}}},
        "fields names 'hashed_password', which is never shown",
    ),
    ({"autocomplete_fields": {"shelf": {"fields": ("label",), "order_by": "nope"}}}, "order_by names 'nope'"),
    ({"autocomplete_fields": {"shelf": {"fields": ("label",), "limit": 0}}}, "limit is 0"),
    ({"autocomplete_fields": {"shelf": {"fields": ("label",), "where": "x"}}}, "where is 'x'"),
    *(({option: {"nope": {}}}, NO_COLUMN) for option in ("field_args", "widget_args", "labels")),
    *(({option: {Specimen.name: {}}}, "is keyed by names; write 'name'") for option in ("field_args", "widget_args")),
    *(({option: ["name"]}, "expected a dict") for option in ("field_args", "labels", "formatters")),
    ({"formatters": {"name": "upper"}}, "formatters formats 'name' with 'upper', expected a function"),
    ({"type_formatters": {str: 3}}, "expected a function"),
    ({"field_args": {"name": {"nonsense": 1}}}, "its form cannot be made: TypeError"),
    ({"formfield_overrides": {"name": str}}, "formfield_overrides gives 'name' <class 'str'>, expected a class"),
    ({"formfield_overrides": {"nope": StringField}}, "formfield_overrides names 'nope', no type and nothing that"),
    ({"formfield_overrides": {String: {"nonsense": 1}}}, "its form cannot be made: TypeError"),
    ({"form_converter": ModelConverter}, "form_converter is ModelConverter, which calls no hooks"),
    ({"formfield_overrides": {"name": RadioField}, "field_args": {"name": {"choices": 3}}}, "its form cannot be made"),
    *(({"list_per_page": value}, "list_per_page is") for value in (0, -1, "25", None, True, 2.5)),
    *(({"list_per_page_options": value}, "list_per_page_options is") for value in ((), (0,), ("25",))),
    *(({"count_limit": value}, "count_limit is") for value in (0, None)),
    ({"export_types": ["csv", "xml"]}, "export_types offers 'xml', expected 'csv' or 'json' or 'xlsx'"),
    *(({option: 3}, f"{option} is 3, expected a text") for option in ("name_plural", "icon", "category")),
    *(({"fieldsets": value}, "expected") for value in (3, (("Title",),), (("Title", ("name",)),))),
    ({"fieldsets": ((None, {"fields": ("name",)}),)}, "fields and fieldsets both name what the form edits"),
    ({"fields": (), "fieldsets": (("A", {"fields": ("name",), "clases": ()}),)}, "fieldsets['A'] has 'clases'"),
    ({"fields": (), "fieldsets": (("A", {"fields": ("name",), "classes": ("wild",)}),)}, "fieldsets['A'] has 'wild'"),
    ({"fields": (), "fieldsets": (("A", {"fields": ()}),)}, "fieldsets['A'] names no fields"),
    (
        {"fields": (), "fieldsets": ((None, {"fields": ("name",), "classes": ("tab",)}),)},
        "is a tab, which needs",
    ),
    ({"fields": ("name", ("whole", "name"))}, "the form has 'name' twice"),
    ({"exclude": ("nope",)}, NO_COLUMN),
    ({"conditional_fields": {"name": "shelf"}}, "conditional_fields shows 'name' where 'shelf', expected (field"),
    ({"conditional_fields": {"name": ("late", (1,))}}, "conditional_fields names 'late', which the form does not"),
    ({"conditional_fields": {"name": ("name", ("x",))}}, "conditional_fields shows 'name' by what it holds itself"),
    (
        {"fields": ("name", "colour"), "conditional_fields": {"name": ("colour", ("pale",))}},
        "conditional_fields shows 'name' where 'colour' is 'pale', expected one of ",
    ),
    (
        {"fields": ("name", "is_rare"), "conditional_fields": {"name": ("is_rare", (1,))}},
        "where 'is_rare' is 1, expected one of true, false",
    ),
    ({"one": action("do")(told), "two": action("do")(say)}, "'one' and 'two' are both called 'do'; rename one"),
    ({"markdown_fields": "name"}, "markdown_fields is the text 'name'; write ('name',)"),
    ({"markdown_fields": ("whole",)}, "markdown_fields names 'whole', which is no text of"),
    ({"markdown_fields": ("name",), "formfield_overrides": {"name": StringField}}, "both say how 'name' is edited"),
    ({"conditional_fields": ("name",)}, "conditional_fields is ('name',), expected a dict"),
    ({"exclude": "name"}, "exclude is the text 'name'"),
    ({"readonly_fields": ("nope",)}, NO_COLUMN),
    ({"readonly_fields": ("late",)}, "readonly_fields names 'late', which the form does not show"),
    ({"readonly_fields": (slow,)}, "names 'slow', which would have to be awaited"),
    ({"prepopulated_fields": {"whole": ("name",)}}, "prepopulated_fields names 'whole', which is no text of the form"),
    ({"prepopulated_fields": {"name": "whole"}}, "prepopulated_fields makes 'name' of 'whole', expected a tuple"),
    ({"prepopulated_fields": {"name": ("late",)}}, "makes 'name' of 'late', which the form does not edit"),
    ({"prepopulated_fields": {"name": ("name",)}}, "makes 'name' of 'name', expected other texts of the form"),
    (
        {"fields": ("name", "shelf"), "autocomplete_fields": ("shelf",), "prepopulated_fields": {"name": ("shelf",)}},
        "makes 'name' of 'shelf', expected other texts of the form",
    ),
    ({"radio_fields": {"name": "vertical"}}, "radio_fields names 'name', which is no choice of the form"),
    ({"fields": ("colour",), "radio_fields": {"colour": "diagonal"}}, "expected 'horizontal' or 'vertical'"),
    ({"form_rules": ["name"]}, "form_rules is no option here; write fields"),
    ({"list_dispaly": ["name"]}, "list_dispaly is no option of a view; did you mean 'list_display'?"),
    *(({option: value}, "remove it") for option, value in (("export_max_rows", 3), ("show_compact_lists", False))),
    *(({method: plain}, f"{method} is overridden, but nothing calls it") for method in ("list_query", "count_query")),
    *(({method: plain}, "override") for method in ("insert_model", "get_export_name", "details_query")),
]

WORKS: list[dict[str, Any]] = [
    {"autocomplete_fields": ("shelf", Specimen.owner), "fields": ("name", "shelf", "owner")},
    {"autocomplete_fields": (), "raw_id_fields": ("shelf", Specimen.owner), "list_filter": ("owner",)},
    {
        "formfield_overrides": {Text: {"widget": TextArea()}, String: {"description": "<b>"}},
        "fields": ("name", "notes"),
    },
    {"list_filter": ["shelf__label", "owner.is_staff", ("name", ColumnFilter), (Specimen.shelf, EmptyFilter)]},
    {"list_filter": [DateFilter(Specimen.naive_at), EmptyFilter(Specimen.late)], "date_hierarchy": "zoned_at"},
    {"date_hierarchy": Specimen.naive_at},
    {"date_hierarchy": "found_on"},
    {"save_as": True, "save_on_top": True, "view_on_site": lambda self, obj: f"/specimens/{obj.id}"},
    {
        "fields": (),
        "fieldsets": (
            (None, {"fields": ("name", ("colour", "is_rare"))}),
            (
                "<b>",
                {"fields": ("whole", "shout", first_letter), "classes": ("collapse", "wide"), "description": "<i>"},
            ),
        ),
        "readonly_fields": ("shout", first_letter, "is_rare"),
        "radio_fields": {"colour": "vertical"},
    },
    {"fields": (), "exclude": ("late", "data")},
    {"fields": ("name", "notes", "shelf", "owner"), "readonly_fields": ("shelf", "owner", "notes")},
    {"list_display": ["__str__", "shout", "shelf__label", first_letter], "list_display_links": (first_letter, "shout")},
    {"search_fields": ["^name", "=whole", "^shelf__label"], "search_help_text": "<b>names"},
    {"list_max_show_all": 1, "empty_value_display": "<i>"},
    {"list_display": [Specimen.name, "shelf", Specimen.name_length, "shelf.label", "shelf.specimens.name", "alias"]},
    {"list_display": ["shelf_label", "extent", "loud", "whispered", "data", "late", "facts", "size"]},
    {
        "details_display": ["late", "owner.username"],
        "export_display": ["late", "shelf.specimens.name", Specimen.shelf],
    },
    {"search_fields": ["data", "facts", "size", "seen_at", "lasts", "shelf.specimens.name", "neighbours"]},
    {
        "sortable_by": [
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
    {"sortable_by": ["shelf"], "sort_paths": {"shelf": "shelf.label"}, "ordering": ("shelf",)},
    *({"ordering": sort} for sort in (("name",), ["-name"], ["name", "-whole"], (Specimen.name,), ["alias"])),
    {"ordering": ["-shelf.label", Specimen.seen_at]},
    {
        "list_filter": [
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
        "list_filter": [
            OperationColumnFilter(Specimen.seen_at),
            OperationColumnFilter("whole"),
            BooleanFilter("is_good"),
        ]
    },
    {"list_filter": [BooleanFilter(Specimen.is_good, default_value=False), OwnFilter()]},
    {"list_filter": [AllUniqueStringValuesFilter(Specimen.found_on), AllUniqueStringValuesFilter("whole")]},
    {"list_filter": [StaticValuesFilter(Specimen.whole, [("3", "Three")], default_value="3")]},
    {"list_filter": [ForeignKeyFilter(Specimen.owner_id, User.username, title="Owner")]},
    {"list_filter": [ChoiceFilter(Specimen.colour, Colour), ChoiceFilter(Specimen.size, Size)]},
    {"list_filter": [RelationFilter(Specimen.owner), ColumnFilter(Specimen.name, "Called", "called")]},
    {"fields": [Specimen.name, Specimen.shelf]},
    {"form": OwnForm, "fields": ("name", "whole")},
    {"fields": ("name", "whole"), "formfield_overrides": {"whole": IntegerField, Specimen.name: StringField}},
    {"formfield_overrides": {"name": RadioField}, "field_args": {"name": {"choices": [("Ammonite", "Ammonite")]}}},
    {
        "field_args": {
            "name": {"label": "Called", "validators": [DataRequired()], "description": "<b>", "default": "New"}
        }
    },
    {"field_args": {"name": {"validators": [ReadOnly()]}}, "widget_args": {"name": {"placeholder": '"<>'}}},
    {
        "autocomplete_fields": {
            "shelf": {"fields": (Shelf.label,), "order_by": Shelf.label, "limit": 1, "where": Shelf.label != "x"}
        }
    },
    {"autocomplete_fields": {"shelf": {"fields": ("specimens.name", "key"), "order_by": ("label", "key")}}},
    {"labels": {Specimen.name: "Called", "whole": "<i>"}, "formatters": {"name": shout}},
    {"type_formatters": {}, "list_display": ["name", "is_good", "is_rare", "seen_at", "data", "size"]},
    {
        "list_display": ("name", "whole", "is_good", "seen_at", "shelf"),
        "list_editable": ("whole", "is_good", "seen_at", "shelf"),
    },
    {"list_per_page": 1, "list_per_page_options": (1, 2), "count_limit": 1},
    {"can_create": False, "can_edit": False, "fields": ()},
    {"can_view_details": False, "can_delete": False, "can_export": False},
    {"export_types": []},
    {"export_types": ["json"]},
    {"name": "Ä <b>", "name_plural": "", "category": "<i>", "icon": 'x" onclick="'},
    {"non_link_related_fields": ["shelf", Specimen.owner], "list_display": ["name", "shelf", "owner"]},
]


def refused(options: dict[str, Any]) -> type[ModelAdmin]:
    return make("OddAdmin", options)


def views() -> Iterator[type[ModelAdmin]]:
    """Views with options that work, each at `/oddities/odd-<number>/`."""
    for number, options in enumerate(WORKS):
        yield make(f"Odd{number}Admin", {"name": f"Odd {number}", "identity": f"oddities/odd-{number}"} | options)
    yield make("PairsAdmin", {"identity": "oddities/odd-pair", "list_display": ("title",), "fields": ("title",)}, Pair)


def make(name: str, options: dict[str, Any], model: type[Any] = Specimen) -> type[ModelAdmin]:
    made: type[ModelAdmin] = type(ModelAdmin)(
        name, (ModelAdmin,), BASE | options if model is Specimen else options, model=model
    )
    return made
