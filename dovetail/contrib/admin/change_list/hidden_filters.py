"""Refuse filters of a list by columns that its user may not read: left out, all rows would match."""

from starlette.requests import Request

from dovetail.contrib.admin.change_list.date_hierarchy import NAMES as DATES
from dovetail.contrib.admin.change_list.narrowed import NarrowedView
from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.lists.filtering import ALL, filters_by_hidden, values_of
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.errors import BadRequestError
from dovetail.translation.texts import gettext


def hidden_parameters(view: NarrowedView, request: Request) -> frozenset[str]:
    """Return the query parameters that would filter the list by columns that the user may not read."""
    fields, shown, hidden = fields_of(request), set[str](), set[str]()
    for one in view.filters(request):
        (hidden if filters_by_hidden(one, view.model, fields) else shown).update(values_of(one))
    if view.date_hierarchy is not None and fields.is_hidden(view.model, name_of(view.date_hierarchy)):
        hidden.update(DATES)
    return frozenset(hidden - shown)


def check_filters(view: NarrowedView, request: Request) -> None:
    """Raise BadRequestError for a filter by a column that the user may not read."""
    given = [name for name, value in request.query_params.multi_items() if value not in ALL]
    if given and not hidden_parameters(view, request).isdisjoint(given):
        raise BadRequestError(gettext("This list cannot be filtered by that column."))
