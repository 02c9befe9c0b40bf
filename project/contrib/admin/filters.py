"""Filters for lists, beside SQLAdmin's own (`sqladmin.filters`)."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from sqladmin.filters import (
    BooleanFilter,
    ForeignKeyFilter,
    StaticValuesFilter,
    get_column_obj,
    get_foreign_column_name,
    get_model_from_column,
)
from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import InstrumentedAttribute
from starlette.requests import Request

from project.contrib.admin.relations import leads_to_identifier
from project.contrib.admin.rights import EVERYTHING, Rights, rights_of
from project.contrib.admin.visit import current_visit
from project.errors import BadRequestError

__all__ = ["BooleanFilter", "ChoiceFilter", "RelationFilter"]


class ChoiceFilter(StaticValuesFilter):
    """Filters by one member of an enumeration.

    column_filters = [ChoiceFilter(Comment.status, CommentStatus)]
    """

    def __init__(self, column: InstrumentedAttribute[Any], enum_class: type[Enum], title: str | None = None) -> None:
        choices = [(str(member.value), str(member.value).replace("_", " ").capitalize()) for member in enum_class]
        super().__init__(column, choices, title=title)

    async def get_filtered_query(self, query: Select[Any], value: Any, model: Any) -> Select[Any]:
        """Keep the rows with this value. Raises BadRequestError for one that is not offered."""
        if value not in {choice for choice, _ in self.values} | {"", "__all", None}:
            raise BadRequestError(f"There is no {self.title.lower()} of this name to filter by.")
        return query if value in {"", None} else await super().get_filtered_query(query, value, model)


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


def refers_to_visible(one: Any, model: type[Any], rights: Rights) -> ColumnElement[bool]:
    """The condition that a row refers to what the user may know of by the foreign key that SQLAdmin's filter is for."""
    if not isinstance(one, ForeignKeyFilter):
        return true()
    column = get_column_obj(one.foreign_key, model)
    target = one.foreign_model or get_model_from_column(one.foreign_display_field)
    visible = rights.visible(target)
    if visible is EVERYTHING:
        return true()
    key = getattr(target, get_foreign_column_name(column))
    found: ColumnElement[bool] = column.in_(select(key).where(visible).correlate(None))
    return found
