"""The options and hooks of an inline: a part of a form with the rows that belong to its object."""

from collections.abc import Mapping, Sequence
from types import new_class
from typing import ClassVar, Self, cast

from sqladmin.authorization import Action
from starlette.requests import Request

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.attributes import find, name_of
from dovetail.contrib.admin.columns.columns import TITLE
from dovetail.contrib.admin.inlines.links import Link, foreign_links, generic_link, is_called
from dovetail.contrib.admin.permissions import is_permitted, rights_of
from dovetail.contrib.admin.rules.rules import EVERYTHING, Rules
from dovetail.contrib.admin.sqladmin_private import FORM_NAMES, AnySelect, attach_inline, class_slug
from dovetail.contrib.admin.view_base import everything
from dovetail.translation.texts import gettext_lazy

# ruff: noqa: ARG002 - the arguments are for subclasses that override a hook

CLASSES = frozenset({"collapse"})
OPTIONS = frozenset(
    (
        *("autocomplete_fields", "can_delete", "classes", "exclude", "extra", "field_args", "fields", "fieldsets"),
        *("fk_name", "form", "formfield_overrides", "formset", "labels", "max_num", "max_shown", "min_num"),
        "markdown_fields",
        *("ordering", "ordering_field", "prepopulated_fields", "radio_fields", "readonly_fields", "inlines"),
        *("show_change_link", "template", "verbose_name", "verbose_name_plural", "widget_args", "empty_value_display"),
        *("ct_field", "ct_fk_field", "ct_value", "formatters", "details_formatters", "details_type_formatters"),
        *("type_formatters", "form_base_class", "form_converter", "form_include_pk"),
    )
)
HOOKS = frozenset(
    (
        *("get_autocomplete_fields", "get_exclude", "get_extra", "get_fields", "get_fieldsets", "get_form"),
        *("get_formset", "get_inlines", "get_inline_instances", "get_max_num", "get_min_num", "get_ordering"),
        *("get_prepopulated_fields", "get_readonly_fields", "has_add_permission", "has_change_permission"),
        *("has_delete_permission", "has_view_permission", "rows", "title_of", "get_formset_kwargs"),
        *("get_formsets_with_inlines", "on_model_delete", "after_model_delete", "formfield_for_foreignkey"),
        *("formfield_for_manytomany", "formfield_for_choice_field", "formfield_for_dbfield"),
    )
)


class InlineBase(ChangeListView):
    """An inline without its formset: options, hooks, rows and permissions."""

    verbose_name: ClassVar[str] = ""
    """What one row is called; the name of its model in words, if nothing is said."""

    verbose_name_plural: ClassVar[str] = ""
    """What the rows are called, above them."""

    fk_name: ClassVar[str | None] = None
    """The foreign key by which the rows refer to the object of the form, where there are several."""

    extra: ClassVar[int] = 3
    """How many empty rows a form shows for new ones."""

    min_num: ClassVar[int | None] = None
    """How many rows an object has to have at least."""

    max_num: ClassVar[int | None] = None
    """How many rows an object may have at most."""

    max_shown: ClassVar[int] = 100
    """How many rows a form shows at most; of more it says that there are more."""

    show_change_link: ClassVar[bool] = False
    """Whether a row has a link to its own page."""

    ordering_field: ClassVar[str | None] = None
    """A column of whole numbers that holds the place of a row: rows are put in order by dragging, or by keyboard."""

    classes: ClassVar[Sequence[str]] = ()
    """`("collapse",)` folds the rows until they are asked for."""

    template: ClassVar[str] = "sqladmin/inlines/tabular.html"
    """The template of the rows."""

    is_stacked: ClassVar[bool] = False  # whether the fields of a row are below each other

    def __init__(self) -> None:
        self.link: Link | None = None
        super().__init__()
        cls = type(self)
        self.singular = gettext_lazy(cls.verbose_name or cls.name)
        self.plural = gettext_lazy(
            cls.verbose_name_plural or (f"{cls.verbose_name}s" if cls.verbose_name else cls.name_plural)
        )
        self.names_of([TITLE])

    @classmethod
    def find_links(cls, parent: type[object]) -> list[Link]:
        """Return the links by which rows may refer to a `parent`; a valid inline has exactly one."""
        found = list(foreign_links(cls.model, parent))
        return [link for link in found if cls.fk_name is None or is_called(link, cls.model, cls.fk_name)]

    @classmethod
    def of(cls, view: ChangeListView, plugin: str) -> Self:
        """Return an instance for the forms of `view`; `plugin` is the plugin of the inline's model."""
        names = {"__module__": cls.__module__, "plugin_name": plugin}
        made = cast("type[Self]", new_class(cls.__name__, (cls,), {}, lambda found: found.update(names)))
        attach_inline(made, view)
        inline = made()
        (inline.link,) = cls.find_links(view.model)
        return inline

    @classmethod
    def prefix(cls) -> str:
        """Return the prefix of its field names: `choice` for a ChoiceInline."""
        return class_slug(cls.__name__.removesuffix("Inline") or cls.__name__).replace("-", "_")

    @property
    def link_to_parent(self) -> Link:
        """Return the link of its rows to their parent."""
        assert self.link is not None  # noqa: S101 - `of` has found it
        return self.link

    # Hooks; `obj` is the object of the form, None for a new one.

    def get_extra(self, request: Request, obj: object | None = None) -> int:
        """Return the number of empty rows that the form shows."""
        return self.extra

    def get_min_num(self, request: Request, obj: object | None = None) -> int | None:
        """Return the minimum number of rows; None for no minimum."""
        return self.min_num

    def get_max_num(self, request: Request, obj: object | None = None) -> int | None:
        """Return the maximum number of rows; None for no maximum."""
        return self.max_num

    def has_add_permission(self, request: Request, obj: object | None = None) -> bool:
        """Return False to keep the user from adding rows to `obj`."""
        return True

    # Permissions.

    def has_permission(self, request: Request, action: str, obj: object | None = None) -> bool:
        """Return whether permissions and policies allow the user `action`, on the row `obj` if it is given."""
        return is_permitted(request, self, action, obj)

    def may_view(self, request: Request, parent: object | None) -> bool:
        """Return whether the user may view rows of `parent`."""
        return self.has_permission(request, Action.LIST) and self.has_view_permission(request, parent)

    def may_add(self, request: Request, parent: object | None) -> bool:
        """Return whether the user may add rows to `parent`."""
        return self.has_permission(request, Action.CREATE) and self.has_add_permission(request, parent)

    def may_change(self, request: Request, parent: object | None, row: object | None = None) -> bool:
        """Return whether the user may change rows of `parent`, or one of them."""
        return self.has_permission(request, Action.EDIT, row) and self.has_change_permission(request, parent)

    def may_delete(self, request: Request, parent: object | None, row: object | None = None) -> bool:
        """Return whether the user may delete rows of `parent`, or one of them."""
        allowed = self.can_delete and self.has_permission(request, Action.DELETE, row)
        return allowed and self.has_delete_permission(request, parent)

    def is_offered(self, request: Request, parent: object | None) -> bool:
        """Return whether the user may do anything with the rows of `parent`."""
        return self.may_view(request, parent) or self.may_add(request, parent)

    # Rows and their fields.

    def permitted_rows(self, request: Request, rules: Rules | None = None) -> AnySelect:
        """Return `rows` narrowed to those that the policy and the views of the model show to the user."""
        statement = super().permitted_rows(request, rules)
        visible = rights_of(request).visible(self.model)
        return statement if visible is EVERYTHING else statement.where(visible)

    def default_sort(self, request: Request) -> list[tuple[str, bool]]:
        """Return the order of the rows: `ordering`, or `ordering_field`, or the primary key."""
        if self.ordering_field and not self.get_ordering(request):
            return [(self.ordering_field, False)]
        return super().default_sort(request)

    def get_fieldsets(
        self, request: Request, obj: object | None = None
    ) -> Sequence[tuple[str | None, Mapping[str, object]]]:
        """Return the groups of fields of a row; `ordering_field` is always among the fields."""
        return with_place(type(self), super().get_fieldsets(request, obj))

    def row_data(self, request: Request, parent: object | None, row: object) -> dict[str, object]:
        """Return the data of a row for its form; its relations must be loaded."""
        names = self.shown(request, self.edited(request, parent))
        return {FORM_NAMES.get(name, name): getattr(row, name) for name in names}


class GenericInlineBase(InlineBase):
    """An inline for a generic relation: two columns of a row hold the kind and the key of its object."""

    ct_field: ClassVar[str] = "content_type"
    """The column that says of which kind the object is that a row belongs to."""

    ct_fk_field: ClassVar[str] = "object_id"
    """The column that holds the key of that object."""

    ct_value: ClassVar[object | None] = None
    """What stands in `ct_field`; the name of the table of the object's model, if nothing is said."""

    @classmethod
    def find_links(cls, parent: type[object]) -> list[Link]:
        """Return the generic link, if the model has the two columns."""
        kind = getattr(parent, "__tablename__", parent.__name__) if cls.ct_value is None else cls.ct_value
        link = generic_link(cls.model, parent, (cls.ct_field, cls.ct_fk_field), kind)
        return [] if link is None else [link]


def with_place(
    inline: type[InlineBase], fieldsets: Sequence[tuple[str | None, Mapping[str, object]]]
) -> Sequence[tuple[str | None, Mapping[str, object]]]:
    """Return the groups of an inline's fields, with `ordering_field` added in front if no group has it."""
    name = inline.ordering_field
    named = {
        name_of(one) for _, options in fieldsets for row in _several(options.get("fields")) for one in _several(row)
    }
    if name is None or name in named or find(inline.model, name) is None:
        return fieldsets
    return [(None, {"fields": (name,)}), *fieldsets]


def declared_fields(inline: type[InlineBase]) -> Sequence[object]:
    """Return the fields of a row as the options of the inline declare them."""
    return inline.fields or (everything(inline) if inline.exclude is not None else ())


def _several(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else () if value is None else (value,)
