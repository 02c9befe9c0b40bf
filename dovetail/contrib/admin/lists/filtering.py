"""What stands in `column_filters`, as filters, and what a request asks of them."""

from typing import Any

from sqladmin._types import _UNSET
from sqladmin.filters import BooleanFilter as SQLAdminBooleanFilter
from sqladmin.filters import (
    ForeignKeyFilter,
    OperationColumnFilter,
    StaticValuesFilter,
    get_column_obj,
    get_foreign_column_name,
    get_model_from_column,
)
from sqlalchemy import Boolean, ColumnElement, Select, select, true
from sqlalchemy import Enum as EnumType
from starlette.requests import Request

from dovetail.contrib.admin.filters import ALL, BooleanFilter, ChoiceFilter, ColumnFilter, RelationFilter
from dovetail.contrib.admin.forms.readers import reader_of
from dovetail.contrib.admin.lists.queries import MAXIMUM_VALUE
from dovetail.contrib.admin.lists.rights import EVERYTHING, Rights, rights_of
from dovetail.contrib.admin.options.attributes import Attribute, Kind, find, name_of
from dovetail.errors import BadRequestError, ConfigurationError


def adapt(model: type[Any], one: Any) -> Any:
    """Return what stands in `column_filters` as a filter: a column or a relation, by name or itself, or a filter.

    SQLAdmin's own filter of comparisons takes texts for dates, so ours stands in for it.
    """
    if isinstance(one, OperationColumnFilter):
        return ColumnFilter(get_column_obj(one.column, model), one.title, one.parameter_name)
    if type(one) is SQLAdminBooleanFilter:
        return BooleanFilter(get_column_obj(one.column, model), one.title, one.parameter_name, one.default_value)
    if not isinstance(one, str) and hasattr(one, "get_filtered_query"):
        return one
    attribute = find(model, name_of(one))
    if attribute is None:
        raise ConfigurationError(f"{name_of(one)!r} is nothing to filter by")
    return _filter_of(attribute)


def has_default(one: Any) -> bool:
    """Return whether a filter filters where nobody asked it to."""
    return getattr(one, "default_value", _UNSET) is not _UNSET


async def apply(one: Any, statement: Select[Any], request: Request, model: type[Any]) -> Select[Any]:
    """Return the statement with what the request asks of a filter. Raises BadRequestError for what makes no sense."""
    value = request.query_params.get(one.parameter_name, "").replace("\0", "")
    if len(value) > MAXIMUM_VALUE:
        raise BadRequestError(f"A filter takes {MAXIMUM_VALUE} characters at most.")
    if not value and not has_default(one):
        return statement
    statement = statement.where(_refers_to_visible(one, model, rights_of(request)))
    try:
        if getattr(one, "has_operator", False):
            operation = request.query_params.get(f"{one.parameter_name}_op", "")
            return await one.get_filtered_query(statement, operation, value, model)  # type: ignore[no-any-return]  # SQLAdmin's two kinds of filter
        return await one.get_filtered_query(statement, _typed(one, value, model), model)  # type: ignore[no-any-return]  # as above
    except (ValueError, ArithmeticError) as error:
        raise BadRequestError(f"{one.title}: {error}") from None


def _refers_to_visible(one: Any, model: type[Any], rights: Rights) -> ColumnElement[bool]:
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


def _filter_of(attribute: Attribute) -> Any:
    if attribute.kind is Kind.RELATION:
        return RelationFilter(attribute.sql)
    column = attribute.sql
    column_type = column.type
    if isinstance(column_type, Boolean):
        return BooleanFilter(column, title=attribute.name.replace("_", " ").capitalize())
    if isinstance(column_type, EnumType):
        title = attribute.name.replace("_", " ").capitalize()
        if column_type.enum_class is not None:
            return ChoiceFilter(column, column_type.enum_class, title=title)
        return StaticValuesFilter(column, [(name, name) for name in column_type.enums], title=title)
    return ColumnFilter(column, parameter_name=attribute.name)


def _typed(one: Any, value: str, model: type[Any]) -> Any:
    """The value for SQLAdmin's filters, which compare a column of any type with the text itself."""
    column = getattr(one, "column", None) or getattr(one, "foreign_key", None)
    if column is None or value in ALL - {""} or isinstance(one, SQLAdminBooleanFilter | ChoiceFilter):
        return value or None
    if value and isinstance(one, StaticValuesFilter) and value not in {str(offered) for offered, _ in one.values}:
        raise ValueError("this is not one of the choices.")
    asked: Any = value or one.default_value
    reader = reader_of(get_column_obj(column, model).type)
    return reader(asked) if reader is not None and isinstance(asked, str) else asked
