"""The controls above a list: its saved views, the current one, and the choice of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import FormData
from starlette.requests import Request

from dovetail.contrib.admin.change_list.hidden_filters import hidden_parameters
from dovetail.contrib.admin.change_list.narrowed import NarrowedView
from dovetail.contrib.admin.columns.chosen import CHOSEN
from dovetail.contrib.admin.entry.kept_forms import FoundForm
from dovetail.contrib.admin.models import SavedView
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.saved_views.stored import PARAMETER, address_of, columns_of, filtered_by, views_of


@dataclass(frozen=True, kw_only=True)
class ViewLink:
    """A saved view as a link; `by` is the user who shares it, and empty for the user's own views."""

    key: int
    name: str
    address: str
    by: str
    is_shown: bool
    is_shared: bool
    is_default: bool


@dataclass(frozen=True, kw_only=True)
class ColumnChoice:
    """A column that can be chosen."""

    name: str
    label: str
    is_shown: bool
    place: object  # a number, or the text that was typed
    width: object


@dataclass(frozen=True, kw_only=True)
class ListHead:
    """The context of the controls above a list; `own` is the current view, if it is the user's own."""

    views: Sequence[ViewLink]
    columns: Sequence[ColumnChoice]
    own: ViewLink | None
    widths: Mapping[str, int]
    is_laid_out: bool  # whether the user has changed the columns
    typed_view: FoundForm | None  # the form of a view that was not saved
    typed_columns: FoundForm | None  # the form of the columns that was not saved


@dataclass(frozen=True, kw_only=True)
class SavedViews:
    """The saved views of a list that the user may choose, and the current one."""

    links: Sequence[ViewLink]
    begins_with: str | None  # the query string of the default view

    def asked_as_kept(self, request: Request) -> ViewLink | None:
        """Return the view with exactly the requested filters and order; None if there is none."""
        address = f"?{request.url.query}"
        shown = (one for one in self.links if one.is_shown and one.address == address)
        return next((one for one in shown if address != without_filters(one)), None)

    def head(self, request: Request, view: NarrowedView, kept: FoundForm | None = None) -> ListHead:
        """Return the context of the controls above the list; `kept` is a form of theirs that was not saved."""
        chosen, shown, offered = CHOSEN.find(request), view.displayed(request), view.offered(request)
        widths = {} if chosen is None else chosen.widths
        names = [*shown, *(name for name in offered if name not in shown)]
        columns = [
            ColumnChoice(
                name=name, label=view.label(name), is_shown=name in shown, place=place, width=widths.get(name, "")
            )
            for place, name in enumerate(names, start=1)
        ]
        is_of_columns = kept is not None and kept.path.endswith("/columns/")
        return ListHead(
            views=self.links,
            columns=[_typed(one, kept.form) for one in columns] if kept is not None and is_of_columns else columns,
            own=next((one for one in self.links if one.is_shown and not one.by), None),
            widths=widths,
            is_laid_out=chosen is not None,
            typed_view=None if is_of_columns else kept,
            typed_columns=kept if is_of_columns else None,
        )


async def load_views(request: Request, view: NarrowedView) -> SavedViews:
    """Load the saved views of a list, by one statement, and choose the columns of the current one.

    Views that others share and that filter by columns that the user may not read are left out: their links have values.
    """
    user = user_of(request)
    saved = await views_of(request_context().session, user, view.list_name)
    hidden = hidden_parameters(view, request) if any(one.user_id != user.id for one, _ in saved) else frozenset()
    found = [(one, name) for one, name in saved if one.user_id == user.id or hidden.isdisjoint(filtered_by(one))]
    asked = request.query_params.get(PARAMETER, "")
    shown = next((one for one, _ in found if one.name and str(one.id) == asked), None)
    laid_out = next((one for one, _ in found if not one.name and one.user_id == user.id), None)
    current = shown or laid_out
    CHOSEN.set(request, None if current is None else columns_of(current, view.identity))
    begins = next((one for one, _ in found if one.is_default and one.user_id == user.id and one.name), None)
    links = [_link(one, "" if one.user_id == user.id else name, shown) for one, name in found if one.name]
    return SavedViews(links=links, begins_with=None if begins is None else address_of(begins))


def without_filters(one: ViewLink) -> str:
    """Return the query string for a view without its filters."""
    return f"?{PARAMETER}={one.key}"


def _typed(one: ColumnChoice, form: FormData) -> ColumnChoice:
    """Return the choice of a column as it was typed."""
    place, width = form.get(f"place-{one.name}", one.place), form.get(f"width-{one.name}", "")
    return replace(one, is_shown=f"show-{one.name}" in form, place=place, width=width)


def _link(one: SavedView, by: str, shown: SavedView | None) -> ViewLink:
    return ViewLink(
        key=one.id,
        name=one.name,
        address=address_of(one),
        by=by,
        is_shown=one is shown,
        is_shared=one.is_shared,
        is_default=one.is_default,
    )
