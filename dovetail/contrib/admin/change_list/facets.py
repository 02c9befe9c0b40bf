"""Count the rows that match each choice of each filter: Django's facets.

The current rows are scanned once, up to MOST of them, and counted by the conditions of all choices together. For a
filter in use, the rows without that filter are scanned. So there is one statement for all filters, and one more for
each filter in use, however many choices there are.
"""

from collections.abc import Mapping, Sequence
from enum import Enum

from sqlalchemy import ColumnElement, case, func, select
from starlette.requests import Request

from dovetail.contrib.admin.change_list.change_list import ChangeList
from dovetail.contrib.admin.lists.filtering import ALL, AnyFilter, condition_of, parameters_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.translation import formats

PARAMETER = "_facets"
MOST = 100_000  # maximum rows to scan; if there are more, the counts show it
MOST_CHOICES = 100  # of a filter

Counts = Mapping[str, Mapping[str, str]]  # the counts, by the parameter of the filter and the choice


class ShowFacets(Enum):
    """When a list shows facet counts: always, when requested by a link, or never."""

    ALWAYS = "always"
    ALLOW = "allow"
    NEVER = "never"


def are_shown(request: Request, option: ShowFacets) -> bool:
    """Return whether the response to a request has counts."""
    return option is ShowFacets.ALWAYS or (option is ShowFacets.ALLOW and PARAMETER in request.query_params)


async def count_facets(found: ChangeList) -> Counts:
    """Return the counts for every choice of every filter that has choices."""
    groups: dict[str, list[tuple[str, str, ColumnElement[bool]]]] = {}
    for one in found.view.shown_filters(found.request):
        in_use = any(found.request.query_params.get(name) for name in parameters_of(one))
        group = groups.setdefault(str(getattr(one, "parameter_name", "")) if in_use else "", [])
        group += [(parameters_of(one)[0], value, condition) for value, condition in await _choices(found, one)]
    counts: dict[str, dict[str, str]] = {}
    for without, conditions in groups.items():
        shown = await _count(found, without, [condition for _, _, condition in conditions])
        for (name, value, _), text in zip(conditions, shown, strict=True):
            counts.setdefault(name, {})[value] = text
    return counts


async def _choices(found: ChangeList, one: AnyFilter) -> Sequence[tuple[str, ColumnElement[bool]]]:
    view, request = found.view, found.request
    choices = getattr(one, "choices", ())
    if not choices and not getattr(one, "has_operator", False):
        choices = await one.lookups(request, view.model, view.run_choices_query)
    values = [str(value) for value, _ in choices if value is not None and str(value) not in ALL][:MOST_CHOICES]
    return [(value, await condition_of(one, "", value, request, view.model)) for value in values]


async def _count(found: ChangeList, without: str, conditions: Sequence[ColumnElement[bool]]) -> Sequence[str]:
    if not conditions:
        return []
    flags = [case((one, 1), else_=0).label(f"choice_{number}") for number, one in enumerate(conditions)]
    rows = (await found.matching(without)).order_by(None).with_only_columns(*flags, maintain_column_froms=True)
    looked_at = rows.limit(MOST + 1).subquery()
    sums = [func.coalesce(func.sum(column), 0) for column in looked_at.c]
    total, *counted = (
        await request_context().session.execute(select(func.count(), *sums).select_from(looked_at))
    ).one()
    return [f"{formats.number(min(count, MOST))}{'+' if total > MOST else ''}" for count in counted]
