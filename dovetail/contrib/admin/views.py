"""Declare a plugin's part of the back office: views of models, actions, filters and formatters.

    class PostAdmin(ModelAdmin, model=Post):
        list_display = ("title", "author", "created_at")
        list_filter = (BooleanFilter(Post.is_published, title="Published"), "created_at")
        formatters = {"title": shortened(80)}
        fields = ("title", "content")

Options that Django has are named as in Django; `dovetail.contrib.admin.options.options` lists them all.
"""

import builtins
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from markupsafe import Markup, escape
from sqladmin.filters import BooleanFilter as SQLAdminBooleanFilter
from sqladmin.filters import OperationColumnFilter, StaticValuesFilter
from sqlalchemy import Boolean, ColumnElement, Date, DateTime
from sqlalchemy import Enum as EnumType
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from starlette.requests import Request

from dovetail.contrib.admin import changes
from dovetail.contrib.admin.actions.declared import action as action
from dovetail.contrib.admin.actions.declared import find_actions
from dovetail.contrib.admin.change_list.change_list import ChangeList as ChangeList
from dovetail.contrib.admin.change_list.facets import ShowFacets as ShowFacets
from dovetail.contrib.admin.columns.attributes import Kind, find, name_of
from dovetail.contrib.admin.columns.display import display as display
from dovetail.contrib.admin.columns.formats import text
from dovetail.contrib.admin.columns.readers import bare
from dovetail.contrib.admin.deleting.groups import DeletedObjects as DeletedObjects
from dovetail.contrib.admin.deleting.preview import Deletion
from dovetail.contrib.admin.inlines.formset import InlineFormSet as InlineFormSet
from dovetail.contrib.admin.inlines.inline import GenericStackedInline as GenericStackedInline
from dovetail.contrib.admin.inlines.inline import GenericTabularInline as GenericTabularInline
from dovetail.contrib.admin.inlines.inline import ParentView
from dovetail.contrib.admin.inlines.inline import StackedInline as StackedInline
from dovetail.contrib.admin.inlines.inline import TabularInline as TabularInline
from dovetail.contrib.admin.list_editing.formset import ListFormSet as ListFormSet
from dovetail.contrib.admin.lists.column_filters import EMPTY
from dovetail.contrib.admin.lists.column_filters import ColumnFilter as ColumnFilter
from dovetail.contrib.admin.lists.column_filters import DateFilter as DateFilter
from dovetail.contrib.admin.lists.column_filters import EmptyFilter as EmptyFilter
from dovetail.contrib.admin.lists.filtering import ALL, column_of, may_be_empty
from dovetail.contrib.admin.lists.path_filter import PathFilter
from dovetail.contrib.admin.lists.relations import leads_to_identifier
from dovetail.contrib.admin.own_pages.page import AdminPage as AdminPage
from dovetail.contrib.admin.own_pages.page import bind_form as bind_form
from dovetail.contrib.admin.own_pages.page import render_page as render_page
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.permissions import user_of as user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sites.admin_site import AdminSite as AdminSite
from dovetail.contrib.admin.sites.login_form import LoginForm as LoginForm
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.widgets.kinds import Chart as Chart
from dovetail.contrib.admin.widgets.kinds import Figure as Figure
from dovetail.contrib.admin.widgets.kinds import Listing as Listing
from dovetail.contrib.admin.widgets.widget import STAFF as STAFF
from dovetail.contrib.admin.widgets.widget import Widget as Widget
from dovetail.contrib.admin.writing.changed_rows import change_rows
from dovetail.contrib.admin.writing.created_rows import create_rows
from dovetail.contrib.admin.writing.selected_rows import SelectedRows as SelectedRows
from dovetail.errors import BadRequestError, ConfigurationError
from dovetail.translation.texts import gettext, gettext_lazy, in_sentence, lazy_name
from dovetail.translation.words import choice_in_words, column_in_words, in_words

View = TypeVar("View", bound="ModelAdmin")
Choice = TypeVar("Choice")  # a value of the column, such as a member of its enumeration
RunQuery = Callable[[AnySelect], object]


class ModelAdmin(ParentView):
    """Lists, forms and actions for one model; options are named as in Django, and unknown ones are refused.

    `list_display` and `fields` are required, and every relation of a form needs an entry in `autocomplete_fields`.
    Pages and exports show the columns of the list, unless they have their own. `rows` restricts the rows that a user
    may view and change, everywhere. Hooks run in the transaction of the request, before it commits; an error of
    `dovetail.errors` raised in them is shown to the user, and nothing is saved.

        class TagAdmin(ModelAdmin, model=Tag):
            list_display = [Tag.name]
            fields = [Tag.name]
    """

    def __init_subclass__(cls, **options: object) -> None:
        """Add the functions in `actions` as methods of the view."""
        super().__init_subclass__(**options)
        for name, method in find_actions(cls, vars(cls).get("actions") or ()).items():
            setattr(cls, name, method)

    @property
    def session(self) -> AsyncSession:
        """Return the session of the request, which commits after the page. Raise AttributeError without a request."""
        try:
            return request_context().session
        except LookupError:  # SQLAdmin reads all attributes of a view at start, and handles AttributeError
            raise AttributeError("a view has a session while a request is answered, and no other") from None

    def filters(self, request: Request) -> builtins.list[object]:
        """Return the filters of the list, made of the columns, relations and filters that `get_list_filter` returns."""
        return [as_filter(self.model, one) for one in self.get_list_filter(request)]

    async def prepare(self, request: Request) -> None:
        """Do slow work that needs no rows, such as hashing a password, before the transaction of a form begins.

        `await request.form()` is the submitted form, not validated yet; store results in the request, by a `StateKey`
        of `dovetail.plugin`.
        """

    async def create_object(self, request: Request, data: dict[str, object]) -> object:
        """Insert an object with the values in `data`. Override it to use a service function of your plugin."""
        return await changes.create(self, request, data)

    async def create_objects(self, request: Request, rows: Sequence[dict[str, object]]) -> Sequence[object]:
        """Insert the rows of an import in bulk, unless a hook for single objects is overridden; return the objects."""
        view = type(self)
        if view.create_object is ModelAdmin.create_object and view.save_model is ModelAdmin.save_model:
            return await create_rows(self, request, rows)
        return [await self.create_object(request, data) for data in rows]

    async def change_object(self, request: Request, obj: Any, data: dict[str, object]) -> None:
        """Change an object to the values in `data`. Override it to use a service function of your plugin."""
        await changes.change(self, request, obj, data)

    async def change_objects(self, request: Request, changed: Sequence[tuple[object, dict[str, object]]]) -> None:
        """Change the rows that were edited in a list in bulk, unless `change_object` is overridden."""
        if type(self).change_object is ModelAdmin.change_object:
            await change_rows(self, request, changed)
            return
        for obj, data in changed:
            await self.change_object(request, obj, data)

    async def delete_object(self, request: Request, obj: Any) -> None:
        """Delete an object."""
        await changes.delete(self, request, obj)

    async def delete_objects(self, request: Request, rows: Sequence[Any]) -> None:
        """Delete the selected objects, by one statement per table unless a hook for single objects is overridden."""
        if type(self).delete_object is ModelAdmin.delete_object and type(self).delete_model is ModelAdmin.delete_model:
            await changes.delete_many(self, request, rows)
            return
        for row in rows:
            await self.delete_object(request, row)

    async def get_deleted_objects(self, objs: Sequence[Any] | AnySelect, request: Request) -> DeletedObjects:
        """Return the effects of deleting objects, or all objects of a statement: the four values of Django's hook.

        These are the objects to delete or to update, as nested lists; the number of deleted objects by model; the
        models that the user may not delete; and the objects that prevent the deletion. Nothing is deleted unless the
        last two are empty. Override it to change the confirmation page; entries may be texts, and lists of texts, as
        in Django.
        """
        return await Deletion(self, request, objs).find()


class BooleanFilter(SQLAdminBooleanFilter):
    """Filters a boolean column.

    list_filter = [BooleanFilter(Post.is_published, title="Published")]
    """

    value_for_empty = EMPTY

    async def lookups(self, request: Request, model: type[object], run_query: RunQuery) -> list[tuple[str, str]]:
        """Return the choices: yes and no, and for a nullable column whether it has a value."""
        found = await super().lookups(request, model, run_query)
        found = [(value, gettext(label)) for value, label in found]
        return [*found, *([(EMPTY, gettext("Unknown"))] if may_be_empty(self.column, model) else [])]

    async def get_filtered_query(self, query: AnySelect, value: object, model: type[object]) -> AnySelect:
        """Return the rows with this value. Raise BadRequestError for a value that is not among the choices."""
        if value == EMPTY and may_be_empty(self.column, model):
            return query.where(column_of(model, self.column).is_(None))
        if value not in ALL | {"true", "false", None}:
            raise BadRequestError(gettext("%(title)s: filter by true or false.") % {"title": self.title})
        return query if value in ALL else await super().get_filtered_query(query, value, model)


class ChoiceFilter(StaticValuesFilter):
    """Filters by one of the values of an enumeration.

    list_filter = [ChoiceFilter(Comment.status, CommentStatus)]
    """

    reads_text = True  # the value is passed to it as it is in the URL

    def __init__(self, column: Any, enum_class: type[Enum], title: str | None = None) -> None:
        self.members: dict[str, Enum] = {str(member.value): member for member in enum_class}
        choices = [
            (value, lazy_name(choice_in_words(member), type(member).__module__))
            for value, member in self.members.items()
        ]
        super().__init__(column, choices, title=title)

    @property
    def value_for_empty(self) -> str | None:
        """The choice for rows without a value; None if the column is not nullable."""
        return EMPTY if getattr(self.column, "nullable", False) is True else None

    async def lookups(self, request: Request, model: type[object], run_query: RunQuery) -> list[tuple[str, str]]:
        """Return the values, and for a nullable column whether it has one."""
        found = await super().lookups(request, model, run_query)
        found = [(value, gettext(label)) for value, label in found]
        return [*found, *([(EMPTY, gettext("None"))] if may_be_empty(self.column, model) else [])]

    async def get_filtered_query(self, query: AnySelect, value: object, model: type[object]) -> AnySelect:
        """Return the rows with this value. Raise BadRequestError for a value that is not among the choices."""
        if value is None or value in ALL:
            return query
        if value == EMPTY and may_be_empty(self.column, model):
            return query.where(column_of(model, self.column).is_(None))
        if value not in self.members:
            raise BadRequestError(
                gettext("There is no %(title)s of this name to filter by.") % {"title": in_sentence(self.title)}
            )
        return query.where(column_of(model, self.column) == self.members[value])


class RelationFilter:
    """Filters by a related object, found by typing; the relation must be in the `autocomplete_fields` of the view.

    list_filter = [RelationFilter(Post.author), RelationFilter(Post.tags, title="Tag")]
    """

    has_operator = False
    template = "sqladmin/filters/relation_filter.html"

    def __init__(self, relation: InstrumentedAttribute[object], title: str | None = None) -> None:
        self.relation = relation
        self.parameter_name = relation.key
        self.title = gettext_lazy(title or in_words(relation.key))

    async def lookups(
        self, _request: Request, _model: type[object], _run_query: Callable[[AnySelect], object]
    ) -> Sequence[tuple[str, str]]:
        """Return no choices: objects are found by typing."""
        return []

    async def get_filtered_query(self, query: AnySelect, value: str | None, _model: type[object]) -> AnySelect:
        """Return the rows that are related to the object with this identifier, if the user may view it."""
        if not value:
            return query
        rights, relation = rights_of(request_context().request), self.relation
        visible = rights.found(relation.property.parent.class_, [relation.key], relation.property.mapper.class_)
        return query.where(leads_to_identifier(self.relation, value, visible))


def as_filter(model: type[object], one: object) -> Any:
    """Return an entry of `list_filter` as a filter: a name or attribute of a column or relation, or a filter.

    SQLAdmin's own filter of comparisons is replaced, since it compares dates as texts.
    """
    if isinstance(one, OperationColumnFilter):
        return ColumnFilter(column_of(model, one.column), one.title, one.parameter_name)
    if type(one) is SQLAdminBooleanFilter:
        return BooleanFilter(column_of(model, one.column), one.title, one.parameter_name, one.default_value)
    if not isinstance(one, str) and hasattr(one, "get_filtered_query"):
        return one
    given, make = one if isinstance(one, tuple) else (one, None)
    name = name_of(given)
    attribute = find(model, name)
    if attribute is None:
        raise ConfigurationError(f"{name!r} is nothing to filter by")
    if attribute.kind is Kind.RELATION and make is None:
        return RelationFilter(attribute.sql)
    found = _filter_of(attribute.sql, attribute.name) if make is None else make(attribute.sql)
    return PathFilter(name, attribute.owner, found) if "." in name else found


def shown_rows(request: Request, model: type[object]) -> ColumnElement[bool]:
    """Return the condition on the rows of a model that the user of a request may view, for your own statements.

        select(User.username, func.count()).join(Post.author).where(shown_rows(request, Post), ...)

    It is the condition of lists, lookups and choices: rows that the policy of the model lets the user view, and that
    a view of the model shows if they may list it. Add it, once for each model, to statements of your pages (`@expose`)
    and filters.
    """
    return rights_of(request).visible(model)


def shortened(length: int) -> Callable[[object, str], str]:
    """Return a formatter that shows the first words of a text, up to `length` characters, and the rest on hovering."""

    def show(obj: object, name: str) -> str:
        return text(" ".join(str(getattr(obj, name)).split()), length)

    return show


def badge(colours: Mapping[Choice, str]) -> Callable[[object, str], Markup]:
    """Return a formatter that shows a choice as a badge in its colour (`success`, `warning`, `danger`, ...)."""

    def show(obj: object, name: str) -> Markup:
        value = getattr(obj, name)
        said = choice_in_words(value) if isinstance(value, Enum) else in_words(str(value))
        label = escape(str(lazy_name(said, type(obj).__module__)))
        colour = escape(colours.get(value, "secondary"))
        return Markup(f'<span class="badge bg-{colour}-lt">{label}</span>')  # noqa: S704 - both are escaped

    return show


def _filter_of(column: Any, name: str) -> BooleanFilter | ColumnFilter | StaticValuesFilter:
    column_type, title = column.type, column_in_words(name)
    if isinstance(column_type, Boolean):
        return BooleanFilter(column, title=title)
    if isinstance(column_type, EnumType) and column_type.enum_class is not None:
        return ChoiceFilter(column, column_type.enum_class, title=title)
    if isinstance(column_type, EnumType):
        return StaticValuesFilter(column, [(one, one) for one in column_type.enums], title=title)
    is_day = isinstance(bare(column_type), Date | DateTime)
    return (DateFilter if is_day else ColumnFilter)(column, parameter_name=name)
