"""Filters for lists, beside SQLAdmin's own (`sqladmin.filters`)."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from sqladmin.filters import BooleanFilter as SQLAdminBooleanFilter
from sqladmin.filters import (
    StaticValuesFilter,
    get_column_obj,
)
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute
from starlette.requests import Request

from dovetail.contrib.admin.lists.comparisons import OPERATIONS, compare, operations_of
from dovetail.contrib.admin.lists.relations import leads_to_identifier
from dovetail.contrib.admin.lists.rights import rights_of
from dovetail.contrib.admin.visit import current_visit
from dovetail.errors import BadRequestError

__all__ = ["BooleanFilter", "ChoiceFilter", "ColumnFilter", "RelationFilter"]

ALL = frozenset({"", "all", "__all"})


class BooleanFilter(SQLAdminBooleanFilter):
    """Filters by yes and no.

    column_filters = [BooleanFilter(Post.is_published, title="Published")]
    """

    async def get_filtered_query(self, query: Select[Any], value: Any, model: Any) -> Select[Any]:
        """Keep the rows with this value. Raises BadRequestError for one that is not offered."""
        if value not in ALL | {"true", "false", None}:
            raise BadRequestError(f"{self.title}: filter by true or false.")
        return query if value in ALL else await super().get_filtered_query(query, value, model)


class ChoiceFilter(StaticValuesFilter):
    """Filters by one of the values of an enumeration.

    column_filters = [ChoiceFilter(Comment.status, CommentStatus)]
    """

    def __init__(self, column: Any, enum_class: type[Enum], title: str | None = None) -> None:
        self.members: dict[str, Any] = {str(member.value): member for member in enum_class}
        choices = [(value, value.replace("_", " ").capitalize()) for value in self.members]
        super().__init__(column, choices, title=title)

    async def get_filtered_query(self, query: Select[Any], value: Any, model: Any) -> Select[Any]:
        """Keep the rows with this value. Raises BadRequestError for one that is not offered."""
        if value is None or value in ALL:
            return query
        if value not in self.members:
            raise BadRequestError(f"There is no {self.title.lower()} of this name to filter by.")
        return query.where(get_column_obj(self.column, model) == self.members[value])


class ColumnFilter:
    """Filters by comparing a column with what is typed: a part of a text, a number, a date, a time, a UUID.

    column_filters = [ColumnFilter(Post.created_at, title="Written"), ColumnFilter(Post.view_count)]
    """

    has_operator = True
    template = "sqladmin/filters/operation_filter.html"

    def __init__(self, column: Any, title: str | None = None, parameter_name: str | None = None) -> None:
        self.column = column
        self.parameter_name = parameter_name or str(column.key)
        self.title = title or str(column.key).replace("_", " ").capitalize()

    def get_operation_options_for_model(self, _model: Any) -> list[tuple[str, str]]:
        """The comparisons that fit the column, each with its label."""
        return [(name, OPERATIONS[name]) for name in operations_of(self.column.type)]

    async def get_filtered_query(self, query: Select[Any], operation: str, value: str, _model: Any) -> Select[Any]:
        """Keep the rows that compare like this. Raises BadRequestError for what cannot be compared with the column."""
        operations = operations_of(self.column.type)
        if operation and operation not in operations:
            raise BadRequestError(f"{self.title}: compare by {', '.join(operations)}.")
        try:
            return query.where(compare(self.column, operation or operations[0], value))
        except ValueError as error:
            raise BadRequestError(f"{self.title}: {error}") from None


class RelationFilter:
    """Filters by a related object, chosen by typing; the view names the relation in `form_ajax_refs`.

    column_filters = [RelationFilter(Post.author), RelationFilter(Post.tags, title="Tag")]
    """

    has_operator = False
    template = "sqladmin/filters/relation_filter.html"

    def __init__(self, relation: InstrumentedAttribute[Any], title: str | None = None) -> None:
        self.relation = relation
        self.parameter_name = relation.key
        self.title = title or relation.key.replace("_", " ").capitalize()

    async def lookups(
        self, _request: Request, _model: Any, _run_query: Callable[[Select[Any]], Any]
    ) -> Sequence[tuple[str, str]]:
        """Nothing to list: the choice is made by typing."""
        return []

    async def get_filtered_query(self, query: Select[Any], value: Any, _model: Any) -> Select[Any]:
        """Keep the rows that are related to the object with this identifier, if the user may know of it."""
        if not value:
            return query
        visible = rights_of(current_visit().request).visible(self.relation.property.mapper.class_)
        return query.where(leads_to_identifier(self.relation, str(value), visible))
