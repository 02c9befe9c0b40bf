"""Convert the nested filter of a list to SQL; its conditions are limited to the filters of the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqladmin.filters import BooleanFilter, StaticValuesFilter
from sqlalchemy import ColumnElement, and_, false, func, not_, or_
from starlette.requests import Request

from dovetail.contrib.admin.lists.column_filters import EmptyFilter
from dovetail.contrib.admin.lists.filtering import ALL, AnyFilter, condition_of, may_be_empty
from dovetail.contrib.admin.lists.path_filter import PathFilter
from dovetail.contrib.admin.lists.where_text import Condition, NestedFilterError, Part
from dovetail.errors import BadRequestError
from dovetail.translation.texts import gettext, gettext_lazy

PARAMETER = "where"
OPERATIONS: Mapping[str, str] = {
    "contains": gettext_lazy("contains"),
    "starts_with": "starts_with",
    "ends_with": "ends_with",
    "=": "equals",
    ">": "greater_than",
    ">=": "at_least",
    "<": "less_than",
    "<=": "at_most",
}
LABELS: Mapping[str, str] = {
    "contains": gettext_lazy("contains"),
    "starts_with": gettext_lazy("starts with"),
    "ends_with": gettext_lazy("ends with"),
    "=": gettext_lazy("equals"),
    "!=": gettext_lazy("does not equal"),
    ">": gettext_lazy("is greater than"),
    ">=": gettext_lazy("is at least"),
    "<": gettext_lazy("is less than"),
    "<=": gettext_lazy("is at most"),
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
}
NEGATED: Mapping[str, str] = {"!=": "=", "is_not": "is"}
EMPTY = "empty"  # values for nullable columns


@dataclass(frozen=True, kw_only=True)
class FilterOption:
    """A filter as part of a nested filter: its comparisons, and its choices for `is`."""

    name: str
    title: str
    filter: AnyFilter
    comparisons: Sequence[str]
    choices: Sequence[tuple[str, str]] = ()
    is_relation: bool = False


async def filter_options(filters: Sequence[AnyFilter], request: Request, model: type[object]) -> list[FilterOption]:
    """Return the filters that can be part of a nested filter."""
    return [await _filter_option(one, request, model) for one in filters]


async def condition(
    part: Part, filters: Sequence[FilterOption], request: Request, model: type[object]
) -> ColumnElement[bool]:
    """Return the condition of a nested filter. Raise NestedFilterError for what the list's filters do not allow."""
    if isinstance(part, Condition):
        return await _compared(part, filters, request, model)
    found = [await condition(one, filters, request, model) for one in part.parts]
    return and_(*found) if part.joined_by == "and" else or_(*found)


async def _compared(
    one: Condition, filters: Sequence[FilterOption], request: Request, model: type[object]
) -> ColumnElement[bool]:
    known = next((known for known in filters if known.name == one.name), None)
    if known is None:
        names = ", ".join(known.name for known in filters)
        raise NestedFilterError(
            gettext("At character %(place)s: this list is not filtered by %(name)s; it is by %(names)s.")
            % {"place": one.place, "name": repr(one.name[:60]), "names": names}
        )
    if one.comparison not in known.comparisons:
        offered = ", ".join(known.comparisons)
        raise NestedFilterError(
            gettext("At character %(place)s: %(name)s is compared by %(offered)s, not by %(comparison)s.")
            % {"place": one.place, "name": one.name, "offered": offered, "comparison": one.comparison}
        )
    plain = NEGATED.get(one.comparison, one.comparison)
    if plain == "is" and known.choices and one.value not in {value for value, _ in known.choices}:
        offered = ", ".join(value for value, _ in known.choices)
        raise NestedFilterError(
            gettext("At character %(place)s: %(name)s is one of %(offered)s, not %(value)s.")
            % {"place": one.place, "name": one.name, "offered": offered, "value": repr(one.value[:60])}
        )
    try:
        found = await _plain(known, plain, one.value, request, model)
    except BadRequestError as error:
        raise NestedFilterError(
            gettext("At character %(place)s: %(detail)s") % {"place": one.place, "detail": error.detail}
        ) from None
    # For NULL, a condition and its negation are both unknown.
    return not_(func.coalesce(found, false())) if one.comparison in NEGATED else found


async def _plain(
    known: FilterOption, comparison: str, value: str, request: Request, model: type[object]
) -> ColumnElement[bool]:
    if comparison == "is" and value == EMPTY and EMPTY in dict(known.choices):
        if isinstance(known.filter, PathFilter):
            return known.filter.is_empty(model)
        return known.filter.column.is_(None)  # type: ignore[no-any-return]  # a column of any type
    return await condition_of(known.filter, OPERATIONS.get(comparison, ""), value, request, model)


async def _filter_option(one: AnyFilter, request: Request, model: type[object]) -> FilterOption:
    name, title = str(one.parameter_name), str(one.title)
    inner = getattr(one, "inner", one)
    if getattr(one, "has_operator", False):
        operations = {operation for operation, _ in one.get_operation_options_for_model(model)}
        comparisons = [sign for sign, operation in OPERATIONS.items() if operation in operations]
        choices = list(getattr(one, "choices", ()))
        if not choices and (isinstance(one, PathFilter) or may_be_empty(getattr(one, "column", None), model)):
            choices = [(EMPTY, gettext("Empty"))]
        more = [*(["!="] if "=" in comparisons else []), *(["is", "is_not"] if choices else [])]
        return FilterOption(name=name, title=title, filter=one, comparisons=[*comparisons, *more], choices=choices)
    choices = []
    if isinstance(inner, BooleanFilter | StaticValuesFilter | EmptyFilter):  # they need no query
        offered = await one.lookups(request, model, None)
        choices = [(str(value), str(label)) for value, label in offered if value is not None and str(value) not in ALL]
    is_relation = hasattr(one, "relation")
    return FilterOption(
        name=name, title=title, filter=one, comparisons=("is", "is_not"), choices=choices, is_relation=is_relation
    )
