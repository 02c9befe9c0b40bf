"""Show widgets on a page: their queries are built in the page's transaction, and run after it.

So the page holds no connection while a widget waits for one; each widget takes one for its own statement. If it takes
too long or fails, a line is shown instead.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from uuid import uuid4

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dovetail.contrib.admin.dashboard.asking import Question, question_of
from dovetail.contrib.admin.dashboard.results import Result, Results
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.responses import Unfinished
from dovetail.contrib.admin.widgets.kinds import Figure
from dovetail.contrib.admin.widgets.widget import Row, Values, Widget
from dovetail.translation.texts import gettext

logger = logging.getLogger("dovetail.admin")

TIME = 5.0  # seconds after which no further widget is computed for a page


@dataclass(frozen=True)
class PlacedWidget:
    """A widget, and its plugin."""

    plugin: str
    widget: Widget


@dataclass(frozen=True)
class RenderedWidget:
    """A widget with its HTML; None if its query failed."""

    widget: Widget
    html: Markup | None

    @property
    def title(self) -> str:
        """The title in the language of the request."""
        return gettext(self.widget.title)


class Dashboard:
    """The widgets of a site, and their cached results."""

    def __init__(self, widgets: Sequence[PlacedWidget]) -> None:
        # Small widgets share a line, before the others.
        self._widgets = sorted(widgets, key=lambda one: not one.widget.is_small)
        self._results = Results()

    async def render(
        self,
        site: SiteContext,
        request: Request,
        template: str,
        context: dict[str, object],
        *,
        plugin: str | None = None,
    ) -> Response | Unfinished:
        """Return a page with the widgets, or those of one plugin, in the place of `dashboard` in its template."""
        questions = self._questions(request, plugin)
        place = Markup(f"<!-- {uuid4().hex} -->")  # noqa: S704 - letters and digits only
        page = await site.render(request, template, context | {"dashboard": place if questions else ""})
        if not questions:
            return page

        async def finish() -> Response:
            end = monotonic() + TIME
            shown = [found for one in questions if (found := await self._show(site, request, one, end)) is not None]
            html = await site.templates.write("sqladmin/dashboard.html", {"request": request, "widgets": shown})
            return HTMLResponse(bytes(page.body).decode().replace(place, html), page.status_code)

        return Unfinished(finish)

    def _questions(self, request: Request, plugin: str | None) -> list[Question]:
        found = (_ask(one.widget, request) for one in self._widgets if plugin in {None, one.plugin})
        return [one for one in found if one is not None]

    async def _show(self, site: SiteContext, request: Request, question: Question, end: float) -> RenderedWidget | None:
        widget, key = question.widget, (id(question.widget), question.sql)
        if question.failed:
            return RenderedWidget(widget, None)
        try:
            result = await self._results.get(key, widget.seconds, partial(_find, site, request, question, end))
            if result.rows is None:
                return RenderedWidget(widget, None)
            values = widget.values(request, result.rows)
            return None if values is None else await _draw(site, request, widget, values)
        except _PageTimeoutError:
            logger.warning("The widget %r was left out: those before it took %.0f seconds", widget.title, TIME)
        except Exception:
            logger.exception("The widget %r could not be shown", widget.title)
        return RenderedWidget(widget, None)


class _PageTimeoutError(Exception):
    """The time of the page ran out before the widget was computed, so the failure is not cached."""


async def _draw(site: SiteContext, request: Request, widget: Widget, values: Values) -> RenderedWidget:
    shown = {"request": request, "widget": widget, "title": gettext(widget.title), "values": values}
    html = await site.templates.write(widget.template, shown)
    return RenderedWidget(widget, Markup(html))  # noqa: S704 - the template escapes what it shows


def _ask(widget: Widget, request: Request) -> Question | None:
    try:
        return question_of(widget, request)
    except Exception:
        logger.exception("The widget %r could not be asked", widget.title)
        return Question(widget, None, failed=True)


async def _find(site: SiteContext, request: Request, question: Question, end: float) -> Result:
    widget = question.widget
    if monotonic() > end:
        raise _PageTimeoutError
    try:
        if question.statement is None:
            return Result([(widget.value(site.app),)] if isinstance(widget, Figure) and widget.value else [])
        async with site.database.unit_of_work(read_only=True, statement_timeout=widget.timeout) as session:
            rows: Sequence[Row] = [tuple(row) for row in await session.execute(question.statement)]
            # Cached results are shared by users, so they must not contain anything of one user.
            return Result(rows if widget.seconds else await widget.completed(request, session, rows))
    except Exception:
        logger.exception("The widget %r could not be read", widget.title)
        return Result(None)
