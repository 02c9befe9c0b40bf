"""Apply the filters of a request to the statement of a list; values are parsed by the column's type."""

from typing import Any, TypeAlias

from sqladmin.filters import BooleanFilter, ForeignKeyFilter, StaticValuesFilter
from sqlalchemy import ColumnElement, or_, select, true
from starlette.requests import Request

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.columns.readers import reader_of
from dovetail.contrib.admin.lists.search import MAXIMUM_VALUE
from dovetail.contrib.admin.permissions import Rights, listed, rights_of
from dovetail.contrib.admin.rules.fields import Fields
from dovetail.contrib.admin.rules.rules import EVERYTHING
from dovetail.contrib.admin.sqladmin_private import AnySelect, has_default
from dovetail.errors import BadRequestError
from dovetail.translation.texts import gettext

AnyFilter: TypeAlias = Any  # the filters of SQLAdmin, of Dovetail and of views have no common base class
MOST_VALUES = 20  # alternative values of one filter
ALL = frozenset({"", "all", "__all"})  # values that match every row


def column_of(model: type[object], column: object) -> Any:
    """Return the attribute of an option's entry, which is its name or the attribute itself."""
    return getattr(model, column) if isinstance(column, str) else column


def may_be_empty(column: object, model: type[object]) -> bool:
    """Return True if a column is nullable."""
    return getattr(column_of(model, column), "nullable", False) is True


async def apply_filter(one: AnyFilter, statement: AnySelect, request: Request, model: type[object]) -> AnySelect:
    """Return the statement narrowed by a filter of the request; if it has several values, any of them matches.

    Raise BadRequestError for an invalid value.
    """
    values = _values_of(request, one.parameter_name)
    between = [next(iter(_values_of(request, name)), "") for name in getattr(one, "bounds", ())]
    if any(between):
        statement = one.keep_between(statement, *between, model)
    operation = request.query_params.get(f"{one.parameter_name}_op", "")
    if len(values) > 1 and ALL.isdisjoint(values):
        alternatives = [await condition_of(one, operation, value, request, model) for value in values]
        return statement.where(or_(*alternatives))
    if not values and not has_default(one):
        return statement
    return await _filtered(one, statement, (operation, values[0] if values else ""), request, model)


async def condition_of(
    one: AnyFilter, operation: str, value: str, request: Request, model: type[object]
) -> ColumnElement[bool]:
    """Return the condition of a filter for a value. Raise BadRequestError for an invalid value."""
    found = await _filtered(one, select(model), (operation, value), request, model)
    return listed(found, model, model)


def parameters_of(one: object) -> list[str]:
    """Return the query parameters that a filter reads."""
    name, *bounds = values_of(one)
    return [name, f"{name}_op", *bounds]


def values_of(one: object) -> list[str]:
    """Return the query parameters with the values of a filter."""
    return [str(getattr(one, "parameter_name", "")), *getattr(one, "bounds", ())]


def filters_by_hidden(one: object, model: type[object], fields: Fields) -> bool:
    """Return True if a filter compares or offers values that the user may not read."""
    if isinstance(one, ForeignKeyFilter):
        display = one.foreign_display_field
        target: type[object] = one.foreign_model or getattr(display, "class_", model)
        if fields.is_hidden(target, str(getattr(display, "key", display))):
            return True
    named = [getattr(one, name, None) for name in ("column", "relation", "foreign_key")]
    for column in (column_of(model, name) for name in named if name is not None):
        owner = getattr(column, "class_", model)
        if fields.is_hidden(owner, str(column.key)) or fields.tells(owner, column):
            return True
    return fields.is_hidden(model, name_of(str(getattr(one, "parameter_name", ""))))


async def _filtered(
    one: AnyFilter, statement: AnySelect, asked: tuple[str, str], request: Request, model: type[object]
) -> AnySelect:
    operation, value = asked
    statement = statement.where(_refers_to_visible(one, model, rights_of(request)))
    try:
        if getattr(one, "has_operator", False):
            return await one.get_filtered_query(statement, operation, value, model)  # type: ignore[no-any-return]  # SQLAdmin's two kinds of filter
        return await one.get_filtered_query(statement, _typed(one, value, model), model)  # type: ignore[no-any-return]  # as above
    except (ValueError, ArithmeticError) as error:
        raise BadRequestError(f"{one.title}: {error}") from None


def _values_of(request: Request, name: str) -> list[str]:
    """Return the distinct values that a request has for a filter."""
    given = (value.replace("\0", "") for value in request.query_params.getlist(name))
    values = list(dict.fromkeys(filter(None, given)))
    if any(len(value) > MAXIMUM_VALUE for value in values):
        raise BadRequestError(
            gettext("A filter takes %(maximum_value)s characters at most.") % {"maximum_value": MAXIMUM_VALUE}
        )
    if len(values) > MOST_VALUES:
        raise BadRequestError(gettext("A filter takes %(most_values)s values at most.") % {"most_values": MOST_VALUES})
    return values


def _refers_to_visible(one: object, model: type[object], rights: Rights) -> ColumnElement[bool]:
    """Return the condition that the foreign key of SQLAdmin's filter refers to an object that the user may view."""
    if not isinstance(one, ForeignKeyFilter):
        return true()
    column = column_of(model, one.foreign_key)
    display: Any = one.foreign_display_field
    target = one.foreign_model or display.parent.class_
    visible = rights.visible(target)
    if visible is EVERYTHING:
        return true()
    key = getattr(target, next(iter(column.foreign_keys)).column.name)
    found: ColumnElement[bool] = column.in_(select(key).where(visible).correlate(None))
    return found


def _typed(one: AnyFilter, value: str, model: type[object]) -> object:
    """Return the value for SQLAdmin's filters, which compare a column of any type with the text itself."""
    one = getattr(one, "inner", one)
    column = getattr(one, "column", None) or getattr(one, "foreign_key", None)
    if column is None or value in ALL - {""} or isinstance(one, BooleanFilter) or getattr(one, "reads_text", False):
        return value or None
    if value and isinstance(one, StaticValuesFilter) and value not in {str(offered) for offered, _ in one.values}:
        raise ValueError(gettext("this is not one of the choices."))
    asked: object = value or one.default_value
    reader = reader_of(column_of(model, column).type)
    return reader(asked) if reader is not None and isinstance(asked, str) else asked
