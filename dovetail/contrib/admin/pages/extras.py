"""Extensions of object pages by plugins: further pages, notes on messages, last changes (`admin.object_pages` etc.).

    extensions={"admin.object_pages": lazy("plugins.shop.admin:PRICES")}

    PRICES = ObjectPage(name="prices", title="Prices", template="shop/prices.html", load=load_prices)

The page is linked from the details of every object that the user may view, of every model. Its template extends
"sqladmin/layout.html" and gets `model_view`, `pk`, `obj` and the values that `load` returns. For long work without the
database, such as comparing long texts, `load` may return an async function: it is awaited while the page holds no
connection, and returns the values.
Forms that the page submits to its own URL, with `token(request)`, are handled by `act`: every user who may view the
object may submit them, so `act` checks further permissions; it returns a response. Views for which `has` returns False
have no button for the page.

`admin.message_notes` has async functions that take the request: they are awaited after a form that added a message,
before the transaction ends, and may add values for the template of the message, such as the Undo of the history.

`admin.last_change` has one async function that takes the request and the ObjectOfPage, which the user may view: it
returns a LastChange or None. Forms use it to report that another user changed the object meanwhile.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import TypeAlias

from jinja2 import Environment
from sqladmin.authorization import Action
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.entry.access import allow, open_view
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import enter_request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.templating.problems import template_problem
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.addresses import WORD
from dovetail.contrib.admin.web.responses import Unfinished
from dovetail.errors import ConfigurationError

TAKEN = frozenset({"change", "delete", "presence"})
OBJECT_PAGES, MESSAGE_NOTES, LAST_CHANGE = "admin.object_pages", "admin.message_notes", "admin.last_change"
Values: TypeAlias = Mapping[str, object]
LongWork: TypeAlias = Callable[[], Awaitable[Values]]  # awaited without a connection
MessageNote: TypeAlias = Callable[[Request], Awaitable[None]]
TellLastChange: TypeAlias = Callable[[Request, "ObjectOfPage"], Awaitable["LastChange | None"]]


@dataclass(frozen=True)
class ObjectOfPage:
    """The object of a requested page: its view, its identifier, and the object; None if it was deleted."""

    view: ViewBase
    pk: str
    obj: object | None


@dataclass(frozen=True)
class LastChange:
    """The last change of an object: by whom, and when."""

    by: str
    by_id: int | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ObjectPage:
    """A page of an object; `load` returns None to respond with 404 for an object that was deleted."""

    name: str  # in URLs
    title: str
    template: str
    load: Callable[[SiteContext, Request, ObjectOfPage], Awaitable[Values | LongWork | None]]
    # Handles the forms of the page.
    act: Callable[[SiteContext, Request, ObjectOfPage], Awaitable[Response]] | None = None
    has: Callable[[Request, ViewBase], bool] = lambda _request, _view: True  # whether a view's objects have it


def check_pages(found: Iterable[object], environment: Environment) -> list[ObjectPage]:
    """Return the pages of plugins. Raise ConfigurationError for invalid ones."""
    given = list(found)
    _refuse(_find_problems(given, environment))
    pages = [one for one in given if isinstance(one, ObjectPage)]
    _refuse(
        f"no page of objects can be called {one.name!r}; write a word of letters, digits and hyphens that is not taken"
        for one in pages
        if re.fullmatch(WORD, one.name) is None or one.name in TAKEN
    )
    names = [one.name for one in pages]
    _refuse(
        f"two pages of objects are called {name!r}; give one of them another name"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    )
    return pages


def check_notes(found: Iterable[object]) -> list[MessageNote]:
    """Return the functions of plugins. Raise ConfigurationError for functions that are not async."""
    return [one for one in _functions(MESSAGE_NOTES, found, "note(request)") if iscoroutinefunction(one)]


def check_last_change(found: Iterable[object]) -> TellLastChange | None:
    """Return the function of a plugin; None if there is none. Raise ConfigurationError for several."""
    given = _functions(LAST_CHANGE, found, "last_change(request, shown)")
    _refuse([f"the extension point {LAST_CHANGE!r} holds {len(given)} functions, expected one"] if given[1:] else [])
    return next((one for one in given if iscoroutinefunction(one)), None)


def offered_pages(pages: Iterable[ObjectPage], request: Request, view: ViewBase) -> list[ObjectPage]:
    """Return the pages of a view's objects, for the buttons that link to them."""
    return [page for page in pages if page.has(request, view)]


async def show_object_page(page: ObjectPage, site: SiteContext, request: Request) -> Response | Unfinished:
    """Show a page of an object to users who may view it; of a deleted one, to superusers."""
    view = open_view(site, request, Action.DETAILS)
    obj = await view.get_object_for_details(request)
    if obj is None and not user_of(request).is_superuser:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if obj is not None:
        allow(await view.check_can_view_details(request, obj))
    shown = ObjectOfPage(view, request.path_params["pk"], obj)
    if page.act is not None and request.method == "POST":
        return await page.act(site, request, shown)
    found = await page.load(site, request, shown)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if isinstance(found, Mapping):
        return await _render(page, site, request, shown, found)
    return Unfinished(partial(_finish, page, site, request, shown, found))


def _functions(point: str, found: Iterable[object], signature: str) -> list[object]:
    given = list(found)
    _refuse(
        f"the extension point {point!r} holds {one!r:.80}, expected async def {signature}"
        for one in given
        if not iscoroutinefunction(one)
    )
    return given


async def _finish(
    page: ObjectPage, site: SiteContext, request: Request, shown: ObjectOfPage, work: LongWork
) -> Response:
    values = await work()
    async with site.database.unit_of_work(read_only=True) as session:  # the site's own context functions may need it
        if shown.obj is not None:
            session.add(shown.obj)  # lazy loads raise again
        with enter_request_context(request, session):
            return await _render(page, site, request, shown, values)


async def _render(
    page: ObjectPage, site: SiteContext, request: Request, shown: ObjectOfPage, values: Values
) -> Response:
    view, obj = shown.view, shown.obj
    title = f"{view.name} {shown.pk}" if obj is None else view.short_title_of(obj)
    context = {"model_view": view, "pk": shown.pk, "obj": obj, "title": title, "page": page, **values}
    template = view.object_history_template if page.name == "history" else page.template
    return await site.render(request, template, context)


def _find_problems(found: Iterable[object], environment: Environment) -> Iterator[str]:
    for one in found:
        if not isinstance(one, ObjectPage):
            yield f"the extension point {OBJECT_PAGES!r} holds {one!r:.80}, expected an ObjectPage"
            continue
        if problem := template_problem(one.template, environment):
            yield f"ObjectPage {one.title!r} names {one.template!r}, which {problem}"


def _refuse(problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        raise ConfigurationError("\n".join(found))
