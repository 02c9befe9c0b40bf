"""The `ChangeList`, which handles one request for a list; as in Django, `get_changelist` may replace it."""

import re

from starlette.requests import Request

from dovetail.contrib.admin.change_list.date_hierarchy import DateSteps
from dovetail.contrib.admin.change_list.hidden_filters import check_filters
from dovetail.contrib.admin.change_list.list_page import LAST, ListPage
from dovetail.contrib.admin.change_list.narrowed import NarrowedView
from dovetail.contrib.admin.change_list.paging import Paginator
from dovetail.contrib.admin.change_list.searching import keep_found
from dovetail.contrib.admin.lists.deferred_columns import DeferredColumns
from dovetail.contrib.admin.lists.filtering import apply_filter
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.lists.search import words_of
from dovetail.contrib.admin.lists.where import PARAMETER, FilterOption, condition, filter_options
from dovetail.contrib.admin.lists.where_text import parse
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.errors import BadRequestError
from dovetail.resources.query.cursors import read_cursor
from dovetail.translation.texts import gettext

NUMBER = re.compile(r"[+-]?\d+")
EVERYTHING_AT_ONCE = "all"  # the value of pageSize for all rows


class ChangeList:
    """The list of a view for one request: its filters, its order and its page.

        class Recent(ChangeList):
            async def matching(self, without: str = "") -> AnySelect:
                return (await super().matching(without)).where(Post.created_at > a_year_ago())

    A view returns the class from `get_changelist(request)`.
    """

    def __init__(self, request: Request, view: NarrowedView, columns: DeferredColumns) -> None:
        self.request, self.view, self.columns = request, view, columns

    async def matching(self, without: str = "") -> AnySelect:
        """Return the user's rows that match filters, dates and search, `without` the filter of this parameter.

        Raise BadRequestError for a filter that the user may not use.
        """
        view, request = self.view, self.request
        check_filters(view, request)
        statement = view.permitted_rows(request)
        for one in view.shown_filters(request):
            if not without or getattr(one, "parameter_name", "") != without:
                statement = await apply_filter(one, statement, request, view.model)
        text = request.query_params.get(PARAMETER, "")
        if text.strip():
            statement = statement.where(await condition(parse(text), await self.filter_options(), request, view.model))
        dates = view.dates(request)
        of_dates = None if dates is None else dates.condition()
        statement = statement if of_dates is None else statement.where(of_dates)
        return await keep_found(view, request, statement, request.query_params.get("search", ""))

    async def filter_options(self) -> list[FilterOption]:
        """Return the filters that the nested filter may use."""
        return await filter_options(self.view.shown_filters(self.request), self.request, self.view.model)

    def ordered(self, statement: AnySelect) -> AnySelect:
        """Order rows as the request asks, or by the default order of the view."""
        return self.view.sort_query(statement, self.request)

    async def page(self) -> ListPage:
        """Read one page of the list: by one statement, one for each relation to many, and one to count if needed."""
        paginator = await self._paginator()
        asked = self.request.query_params.get("page", "1") or "1"
        if asked == LAST:
            return await paginator.last()
        if NUMBER.fullmatch(asked):
            return await paginator.numbered(_whole_number(self.request, "page", 1))
        view = self.view
        return await paginator.page_at(read_cursor(asked, secret_key=view.site_secret_key, list_name=view.list_name))

    async def date_steps(self) -> DateSteps | None:
        """Return the links to years, months and days above the list."""
        dates = self.view.dates(self.request)
        if dates is None:
            return None
        return await dates.steps(request_context().session, await self.matching(), self.view.model)

    async def _paginator(self) -> Paginator:
        size, view, request = self.page_size(), self.view, self.request
        context, words = request_context(), words_of(request.query_params.get("search", ""))
        ordered = self.ordered(await self.matching())
        paths = view.paths(view.displayed(request))
        return Paginator(
            session=context.session,
            model=view.model,
            ordered=ordered,
            is_counted=not context.frequent_words or not context.frequent_words.issuperset(words),
            options=loading(view.model, paths, rights_of(request), self.columns, joined=True),
            size=size,
            count_limit=view.count_limit,
        )

    def page_size(self) -> int:
        """Return the number of rows of a page. Raise BadRequestError for less than one."""
        view = self.view
        if self.request.query_params.get("pageSize") == EVERYTHING_AT_ONCE:
            return view.list_max_show_all
        size = min(_whole_number(self.request, "pageSize", view.list_per_page), max(view.list_per_page_options))
        if size < 1:
            raise BadRequestError(gettext("pageSize is less than 1; a page has one row at least."))
        return size


def _whole_number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name)
    try:
        return int(given) if given else default
    except ValueError:
        raise BadRequestError(gettext("%(name)s is not a whole number.") % {"name": name}) from None
