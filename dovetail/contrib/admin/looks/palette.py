"""The search of the command palette (Ctrl-K): models, other pages, objects, actions, and recently visited pages.

The policies apply as in lists. Objects are found by the search of their view: one limited statement per model (on
PostgreSQL one more for a full-text index), in at most MODELS models and for at most TIME seconds. A statement that
takes longer is cancelled, and the results found before are shown.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from time import monotonic

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dovetail.api.addresses import address_of
from dovetail.contrib.admin.change_list.searching import keep_found
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.lists.relations import loading_named
from dovetail.contrib.admin.lists.search import MAXIMUM_TERM
from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sites.app_list import listed_page
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.admin.web.returning import address_of_site
from dovetail.database.pool.statement_timeouts import StatementTimeoutError, shorten_limit
from dovetail.translation.texts import gettext, in_sentence

MODELS = 8  # maximum models to search
OBJECTS = 5  # maximum objects of each model
RECENT = 8  # maximum recent objects in a request
TIME = 2.0  # seconds for each statement, and for all before the next model is not searched
SHORTEST = 2  # minimum characters to search objects


@dataclass(frozen=True)
class Entry:
    """A line of the palette, with its URL."""

    text: str
    address: str
    note: str = ""


async def show_palette(site: SiteContext, request: Request) -> Response:
    """Return as JSON the groups of entries that match `term`; without it, all pages."""
    term = request.query_params.get("term", "")[:MAXIMUM_TERM].strip()
    views = [view for view in rights_of(request).listable if isinstance(view, ModelAdmin)]
    groups = {
        gettext("Recent"): [] if term else await _recent(request, views),
        gettext("Go to"): [one async for one in _places(site, request, views) if _holds(one, term)],
        gettext("Do"): [one async for one in _actions(request, site.views.values()) if _holds(one, term)],
    }
    is_complete = True
    if len(term) >= SHORTEST:
        groups[gettext("Objects")], is_complete = await _objects(request, views, term)
    told = [
        {"title": title, "entries": [asdict(one) for one in entries]} for title, entries in groups.items() if entries
    ]
    return JSONResponse({"groups": told, "is_complete": is_complete})


def _holds(entry: Entry, term: str) -> bool:
    text = f"{entry.text} {entry.note}".casefold()
    return all(word in text for word in term.casefold().split())


async def _places(site: SiteContext, request: Request, views: Sequence[ModelAdmin]) -> AsyncIterator[Entry]:
    yield Entry(gettext("Start"), path_for(request, "admin:index"))
    for view in site.menu:
        if isinstance(view, ModelAdmin):
            if view in views and view.is_visible(request):
                address = path_for(request, "admin:list", identity=view.identity)
                yield Entry(str(view.name_plural), address, str(view.category))
        elif (page := listed_page(view, request)) is not None:
            yield Entry(str(view.name), page.url, str(view.category))
    for app in await site.app_list(request):
        yield Entry(app.name, app.url, gettext("Overview"))
    for one in _others(site, request):
        yield one


def _others(site: SiteContext, request: Request) -> Iterator[Entry]:
    yield Entry(gettext("Your account"), path_for(request, "admin:account"))
    if user_of(request).is_superuser:
        yield Entry(gettext("Why may they?"), path_for(request, "admin:why"))
    if address := address_of_site(site.declared.site_url, request):
        yield Entry(gettext("View site"), address)
    if (docs := address_of(request, "show_docs")) is not None:
        yield Entry(gettext("API documentation"), docs)


async def _actions(request: Request, views: Iterable[ModelAdmin]) -> AsyncIterator[Entry]:
    for view in views:
        is_open = view.is_accessible(request) and view.is_visible(request)
        if is_open and view.can_create and await view.check_can_create(request):
            yield Entry(
                gettext("New %(name)s") % {"name": in_sentence(view.name)},
                path_for(request, "admin:create", identity=view.identity),
            )


async def _objects(request: Request, views: Sequence[ModelAdmin], term: str) -> tuple[list[Entry], bool]:
    """Return (objects, whether every model was searched)."""
    searched = [view for view in views if view.is_searchable(request)]
    found: dict[str, Entry] = {}  # by URL, since several views may show one object
    end = monotonic() + TIME
    await shorten_limit(request_context().session, TIME)
    for count, view in enumerate(searched):
        if count == MODELS or monotonic() > end:
            return [*found.values()], False
        try:
            found |= {one.address: one for one in await _found_by(view, request, term)}
        except StatementTimeoutError:  # the transaction cannot be used any more
            return [*found.values()], False
    return [*found.values()], True


async def _found_by(view: ModelAdmin, request: Request, term: str) -> list[Entry]:
    found = await keep_found(view, request, view.permitted_rows(request), term)
    statement = view.sort_query(found, request).options(*loading_named(view.model, request)).limit(OBJECTS)
    return [entry for row in await view.run_query(statement) if (entry := _entry(view, request, row))]


async def _recent(request: Request, views: Sequence[ModelAdmin]) -> list[Entry]:
    """Return the objects stored in the browser (`recent=<identity>:<key>`) that the user may view."""
    given = request.query_params.getlist("recent")[:RECENT]
    found: dict[str, Entry] = {}
    for view in views:
        mark = f"{view.identity}:"
        keys = [one.removeprefix(mark) for one in given if one.startswith(mark)]
        for row in await view.get_objects(keys, named=True) if keys else ():
            if entry := _entry(view, request, row):
                found[mark + identifier_of(row)] = entry
    return [found[one] for one in given if one in found]


def _entry(view: ModelAdmin, request: Request, row: object) -> Entry | None:
    address = view.link_to(request, row)
    return None if address is None else Entry(view.short_title_of(row), address, str(view.name))
