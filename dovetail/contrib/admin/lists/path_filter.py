"""A filter by a column of a related object, which works like the filter of the column."""

from typing import Any

from sqlalchemy import ColumnElement, and_, select
from starlette.requests import Request

from dovetail.contrib.admin.lists.relations import leads_to
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.drivers.sqlalchemy_private_statements import conditions_of
from dovetail.resources.query.paths import walk
from dovetail.translation.texts import gettext_lazy
from dovetail.translation.words import column_in_words


class PathFilter:
    """Filters by a path such as `author.is_staff`; `inner` is the filter of the column at its end."""

    def __init__(self, path: str, target: type[object], inner: Any) -> None:
        self.path, self.inner, self.target = path, inner, target
        self.column = inner.column
        self.template: str = inner.template
        self.has_operator = bool(getattr(inner, "has_operator", False))
        self.parameter_name = path.replace(".", "__")
        self.title = gettext_lazy(column_in_words(path.replace(".", " ")))
        inner.parameter_name, inner.title = self.parameter_name, self.title
        self.choices = getattr(inner, "choices", ())
        self.bounds = getattr(inner, "bounds", ())

    async def lookups(self, request: Request, _model: type[object], run_query: object) -> object:
        """Return the choices."""
        return await self.inner.lookups(request, self.target, run_query)

    def get_operation_options_for_model(self, _model: type[object]) -> object:
        """Return the comparisons for the column."""
        return self.inner.get_operation_options_for_model(self.target)

    async def get_filtered_query(self, query: AnySelect, *asked: object) -> AnySelect:
        """Return the rows whose related object matches the filter of the column."""
        *values, model = asked
        assert isinstance(model, type)  # noqa: S101 - the last argument of all filters
        found = await self.inner.get_filtered_query(select(self.target), *values, self.target)
        conditions = conditions_of(found)
        is_empty = bool(conditions) and values[-1] == getattr(self.inner, "value_for_empty", None)
        return query.where(self._leads_to(model, and_(*conditions), or_nowhere=is_empty))

    def is_empty(self, model: type[object]) -> ColumnElement[bool]:
        """Return the condition that the column has no value, or that there is no related object, as in Django."""
        return self._leads_to(model, self.column.is_(None), or_nowhere=True)

    def keep_between(self, query: AnySelect, first: str, last: str, model: type[object]) -> AnySelect:
        """Return the rows whose related object is in the date range of the column's filter."""
        found = self.inner.keep_between(select(self.target), first, last, self.target)
        return query.where(self._leads_to(model, and_(*conditions_of(found))))

    def _leads_to(
        self, model: type[object], condition: ColumnElement[bool], *, or_nowhere: bool = False
    ) -> ColumnElement[bool]:
        path = walk(model, self.path.split("."))
        criteria = rights_of(request_context().request).criteria(model, path)
        if or_nowhere:
            return path.where_empty(lambda _column: condition, criteria, related=leads_to)
        return path.where(lambda _column: condition, criteria, of_null=True, related=leads_to)
