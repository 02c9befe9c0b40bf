"""Show one page of a list, with a form in each row if some of its columns are editable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from operator import itemgetter

from sqladmin.flash import Flash
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from wtforms import BooleanField

from dovetail.contrib.admin.bulk_editing.fields import bulk_fields
from dovetail.contrib.admin.change_list.builder import make_builder
from dovetail.contrib.admin.change_list.change_list import ChangeList
from dovetail.contrib.admin.change_list.facets import are_shown, count_facets
from dovetail.contrib.admin.change_list.list_page import ListPage
from dovetail.contrib.admin.columns.identifiers import have_identifiers, identifier_of
from dovetail.contrib.admin.entry.kept_forms import FoundForm
from dovetail.contrib.admin.list_editing.cells import ListCells
from dovetail.contrib.admin.list_editing.edited_row import EditedRow
from dovetail.contrib.admin.list_pages.listed_rows import ListedRows
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.lists.search import MAXIMUM_TERM
from dovetail.contrib.admin.lists.where_text import NestedFilterError
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.saved_views.head import load_views, without_filters
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.errors import BadRequestError
from dovetail.translation import formats
from dovetail.translation.texts import gettext, gettext_lazy

MOST_SENT = 980  # fields of the rows of a page: `dovetail.middleware` accepts forms with 1000
LONGEST_QUERY = 8_000  # characters: each row has links with all of it, and a page of 200 rows had 25 MB for 50 kB
MISFIT = gettext_lazy(
    "The view %(name)s does not fit this list any more: %(detail)s All rows are shown; change the view or delete it."
)


@dataclass(frozen=True, kw_only=True)
class Unsaved:
    """The edited rows of a page that could not be saved; `numbers` are those of all rows on the page."""

    numbers: Mapping[str, int]  # by identifier
    rows: Mapping[str, EditedRow]  # the edited rows, by identifier
    error: str
    lost: Sequence[str] = field(default=())  # the edited values of rows that were deleted meanwhile
    status: int = HTTPStatus.BAD_REQUEST


async def show_page(
    site: SiteContext,
    request: Request,
    view: ModelAdmin,
    unsaved: Unsaved | None = None,
    kept: FoundForm | None = None,
) -> Response:
    """Return the requested page of the list, or the page that could not be saved.

    `kept` is a form above the list that was submitted after its session had ended, or refused. Raise BadRequestError
    for a query that is too long to be repeated in the links of each row.
    """
    _check_query(request)
    views, path = await load_views(request, view), path_for(request, "admin:list", identity=view.identity)
    if not request.url.query and unsaved is None and kept is None and views.begins_with:
        return RedirectResponse(path + views.begins_with, HTTPStatus.SEE_OTHER)

    async def show() -> Response:
        found = view.get_changelist_instance(request)
        pagination, wrong = await _read(found, view)
        if unsaved is not None:
            pagination.rows = await _rows_again(found, unsaved.numbers)
        await rules_of(request).load(request_context().session, view.model, ["change", "delete"], pagination.rows)
        pagination.add_pagination_urls(request.url)
        context = {**await view.list_context(request), "model_view": view, "pagination": pagination}
        context |= await _date_steps_and_facets(found, view, wrong)
        context["bulk_fields"] = bulk_fields(view, request)
        context["head"] = views.head(request, view, kept)
        context |= await _editing(view, request, pagination.rows, unsaved)
        context["listed_rows"] = ListedRows(request, view, pagination.rows)
        status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK if unsaved is None else unsaved.status
        return await site.render(request, view.change_list_template, context, status)

    try:
        return await view.deferred_columns.retry_with_missed(request_context().session, show)
    except BadRequestError as error:
        asked = views.asked_as_kept(request)
        if asked is None:
            raise
        Flash.warning(request, gettext(MISFIT) % {"name": asked.name, "detail": error.detail})
        return RedirectResponse(path + without_filters(asked), HTTPStatus.SEE_OTHER)


def _check_query(request: Request) -> None:
    length = len(request.url.query)
    if length > LONGEST_QUERY:
        raise BadRequestError(
            gettext("The filters in the address take %(count)s characters, of %(longest)s. Use fewer, or shorter ones.")
            % {"count": formats.number(length), "longest": formats.number(LONGEST_QUERY)}
        )


async def _read(found: ChangeList, view: ModelAdmin) -> tuple[ListPage, str]:
    """Return a page of the list; for an invalid nested filter, a page without rows and the error."""
    try:
        return await view.list(found.request), ""
    except NestedFilterError as error:  # shown next to the filter
        return ListPage(rows=[], page=1, page_size=found.page_size(), count=0), error.detail


async def _date_steps_and_facets(found: ChangeList, view: ModelAdmin, wrong: str) -> dict[str, object]:
    is_counted = not wrong and are_shown(found.request, view.facets(found.request))
    return {
        "date_steps": None if wrong else await found.date_steps(),
        "facets": await count_facets(found) if is_counted else {},
        "builder": await make_builder(found, wrong),
        "longest_search": MAXIMUM_TERM,
    }


async def _editing(
    view: ModelAdmin, request: Request, rows: Sequence[object], unsaved: Unsaved | None
) -> dict[str, object]:
    counted = {identifier_of(row): number for number, row in enumerate(rows)}
    numbers = counted if unsaved is None else unsaved.numbers
    forms = await _forms(view, request, rows, numbers)
    edited = _fitting(forms, dict(unsaved.rows) if unsaved else {}, len(numbers))
    return {"unsaved": unsaved, "row_numbers": numbers, "edited": edited, "beyond": len(forms.keys() - edited.keys())}


def _fitting(forms: Mapping[str, EditedRow], typed: Mapping[str, EditedRow], count: int) -> dict[str, EditedRow]:
    """Return the rows whose fields fit into one form, in their order; edited rows take precedence."""
    room = MOST_SENT - count - sum(map(_fields_in, typed.values()))  # the identifier of each row
    kept = set(typed)
    for key in (key for key in forms if key not in typed):
        room -= _fields_in(forms[key])
        if room < 0:
            break
        kept.add(key)
    return {key: typed.get(key, row) for key, row in {**forms, **typed}.items() if key in kept}


def _fields_in(row: EditedRow) -> int:
    """Return the number of fields that a form submits for a row, including hidden ones."""
    choices = [one for one in row.form if hasattr(one, "loader")]
    several = [one.data for one in choices if isinstance(one.data, list | set | tuple)]
    boxes = sum(isinstance(one, BooleanField) for one in row.form)
    return 1 + len(list(row.form)) + boxes + len(choices) + sum(map(len, several))


async def _rows_again(found: ChangeList, numbers: Mapping[str, int]) -> list[object]:
    """Return the rows that were on a page with their stored values, without deleted ones."""
    view, request = found.view, found.request
    options = loading(view.model, view.paths(view.displayed(request)), rights_of(request), found.columns)
    statement = view.permitted_rows(request).where(have_identifiers(view.model, list(numbers))).options(*options)
    rows = (await request_context().session.scalars(statement)).unique(id).all()
    known = [(numbers[key], row) for row in rows if (key := identifier_of(row)) in numbers]  # `01` is not one of them
    return [row for _, row in sorted(known, key=itemgetter(0))]


async def _forms(
    view: ModelAdmin, request: Request, rows: Sequence[object], numbers: Mapping[str, int]
) -> dict[str, EditedRow]:
    if not view.list_editable:
        return {}
    return await ListCells(request, view, await view.get_changelist_form(request)).stored(rows, numbers)
