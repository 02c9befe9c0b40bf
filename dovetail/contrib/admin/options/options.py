"""The options of a ModelAdmin; those that Django has have Django's names."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from wtforms import Form

from dovetail.contrib.admin.columns.formats import FORMATTERS, ON_PAGES
from dovetail.database.search.search import FullText

WRITES = frozenset({"can_create", "can_edit", "can_delete", "can_import"})


class NoMedia:
    """No files of a view's own."""


class Options:
    """The options of a view; names are texts or attributes of the model, paths are such as `author.username`."""

    # The list.
    list_display: ClassVar[Sequence[object]] = ()
    """The columns of the list: names and paths, methods of the view or the model, functions of an object, `__str__`."""

    list_display_links: ClassVar[Sequence[object] | None] = None
    """The columns that lead to the object's page; None for the first, and () for none."""

    list_editable: ClassVar[Sequence[object]] = ()
    """Columns of the list that are changed in it, for all rows of a page at once; none of them leads to the object."""

    bulk_editable: ClassVar[Sequence[object]] = ()
    """Fields of the form that are changed in many selected objects at once: columns, and relations to one object."""

    list_filter: ClassVar[Sequence[object]] = ()
    """Columns and relations, or filters of `dovetail.contrib.admin.views` and of `sqladmin.filters`."""

    show_facets: ClassVar[object] = None
    """When filters say how many rows each choice leaves, a `ShowFacets`; None for `ShowFacets.ALLOW`, by a link."""

    date_hierarchy: ClassVar[object | None] = None
    """A column of dates by whose years, months and days the list can be gone down."""

    list_per_page: ClassVar[int] = 25
    list_per_page_options: ClassVar[Sequence[int]] = (25, 50, 100, 200)
    list_max_show_all: ClassVar[int] = 200
    """How many rows a list may have for it to offer all of them on one page."""

    count_limit: ClassVar[int] = 10_000
    """Up to how many rows a list counts; of more it says that there are more, and how many matters to nobody."""

    ordering: ClassVar[Sequence[object]] = ()
    """By what the list is ordered unless it is asked otherwise: `("-created_at", "title")`; else by primary key."""

    sortable_by: ClassVar[Sequence[object] | None] = None
    """The columns by which the list can be sorted; None for all that have an order."""

    sort_paths: ClassVar[Mapping[str, str]] = {}
    """By which column to sort a relation: `{"author": "author.username"}`."""

    search_fields: ClassVar[Sequence[object]] = ()
    """In which columns a searched word may stand; `^name` begins with it, `=name` is it, `@name` is of `full_text`."""

    search_help_text: ClassVar[str] = ""
    """What the search says that it looks at; without it, the names of the columns."""

    actions_on_top: ClassVar[bool] = True
    """Whether what can be done with selected rows stands above the list."""

    actions_on_bottom: ClassVar[bool] = False
    """Whether it stands below the list; a view whose actions stand nowhere offers none there."""

    actions_selection_counter: ClassVar[bool] = True
    """Whether a list says how many of its rows are selected."""

    full_text: ClassVar[FullText | None] = None
    """Columns whose words are searched by an index: what `full_text` of `dovetail.database.models` returned."""

    searches_texts: ClassVar[bool] = False
    """True if `search_fields` may name texts of any length, which every search reads in every row."""

    unindexed: ClassVar[Collection[str]] = ()
    """Sortable columns, filters and `search` that may do without an index; `manage.py check` names all others."""

    # Pages and exports.
    details_display: ClassVar[Sequence[object]] = ()
    """The columns of an object's page; those of the list, if there are none."""

    export_display: ClassVar[Sequence[object]] = ()
    """The columns of an export; those of the list, if there are none."""

    labels: ClassVar[Mapping[object, str]] = {}
    """The headings of columns and fields; without one, a name in words."""

    formatters: ClassVar[Mapping[object, Callable[..., object]]] = {}
    """How the list shows columns: functions of an object and a name, and of the request if they take three."""

    empty_value_display: ClassVar[str | None] = None
    """What stands for a value that is not there; None for a dash."""

    details_formatters: ClassVar[Mapping[object, Callable[..., object]]] = {}
    type_formatters: ClassVar[Mapping[type[object], Callable[..., object]]] = FORMATTERS
    details_type_formatters: ClassVar[Mapping[type[object], Callable[..., object]]] = ON_PAGES

    # Forms.
    fields: ClassVar[Sequence[object]] = ()
    """The attributes that the form edits, in this order; those of a tuple in it stand beside each other."""

    exclude: ClassVar[Sequence[object] | None] = None
    """What a form leaves out; a view that has it and no `fields` edits everything else, but keys and secrets."""

    fieldsets: ClassVar[Sequence[tuple[str | None, Mapping[str, object]]]] = ()
    """Groups in place of `fields`: a title, and `fields`, `classes` ("collapse", "tab", "wide") and `description`."""

    readonly_fields: ClassVar[Sequence[object]] = ()
    """What a form shows and never writes: attributes, and what `list_display` can compute."""

    prepopulated_fields: ClassVar[Mapping[str, Sequence[str]]] = {}
    """Fields of a new object that are written as others are typed: `{"slug": ("title",)}`."""

    radio_fields: ClassVar[Mapping[str, str]] = {}
    """Choices to be shown as buttons in place of a list: `{"status": "horizontal"}`, or `vertical`."""

    conditional_fields: ClassVar[Mapping[str, tuple[str, Sequence[object]]]] = {}
    """Fields that are shown, and written, where another has one of some values: `{"price": ("is_sold", (True,))}`."""

    markdown_fields: ClassVar[Sequence[object]] = ()
    """Texts that forms edit as Markdown, with a preview, and pages show rendered and sanitised: `("content",)`."""

    save_as: ClassVar[bool] = False
    """Whether a form can be saved as a new object."""

    save_as_continue: ClassVar[bool] = True
    """Whether the form of an object that was saved as new opens; otherwise the list does."""

    save_on_top: ClassVar[bool] = False
    """Whether the buttons that save stand above the form, too."""

    view_on_site: ClassVar[bool | Callable[..., str | None]] = True
    """Whether an object has a link to its page on the site, `get_absolute_url`; or a function that returns it."""

    autocomplete_fields: ClassVar[Sequence[object] | Mapping[str, Mapping[str, object]]] = ()
    """Relations that are chosen by typing, found as the related view searches: `("author", "tags")`.

    Or a mapping that says how: `{"author": {"fields": ("username",)}}`; order_by, limit, where too.
    """

    raw_id_fields: ClassVar[Sequence[object]] = ()
    """Relations that are chosen by their keys, which are typed or looked up."""

    filter_horizontal: ClassVar[Sequence[object]] = ()
    """Relations to many that are chosen in two boxes beside each other, with a search."""

    filter_vertical: ClassVar[Sequence[object]] = ()
    """Relations to many that are chosen in two boxes one above the other, with a search."""

    formfield_overrides: ClassVar[Mapping[object, object]] = {}
    """Fields of WTForms in place of others, by name or by type of column: `{Text: MarkdownField}`.

    Or what they are made with: `{Text: {"widget": TextArea(), "render_kw": {"rows": 5}}}`, the class as `form_class`.
    """

    Media: ClassVar[type[object]] = NoMedia
    """Files that the view's pages load: `css = {"all": ("blog/post.css",)}` and `js = ("blog/post.js",)`.

    `blog/post.css` is `static/post.css` in the folder of the plugin `blog`.
    """

    field_args: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """What fields are made with, by name: `label`, `description`, `validators`, `default`."""

    widget_args: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """Attributes of the inputs, by name: `{"content": {"rows": 18}}`."""

    # Actions.
    actions: ClassVar[Sequence[object] | None] = ()
    """Methods by name, and functions of a view, a request and objects, that are actions besides those with `@action`,
    in their order; None for no action at all."""

    action_form: ClassVar[type[Form] | None] = None
    """The form of actions that take a fourth argument and bring no form of their own."""

    # Templates.
    change_list_template: ClassVar[str] = "sqladmin/list.html"
    add_form_template: ClassVar[str] = "sqladmin/create.html"
    change_form_template: ClassVar[str] = "sqladmin/edit.html"
    delete_confirmation_template: ClassVar[str] = "sqladmin/delete_confirmation.html"
    delete_selected_confirmation_template: ClassVar[str] = "sqladmin/delete_selected_confirmation.html"
    popup_response_template: ClassVar[str] = "sqladmin/popup_response.html"
