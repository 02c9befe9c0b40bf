"""The endpoint of a list: it reads the URL, fetches a page and writes the envelope with links to its neighbours."""

import re
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, TypeAlias

import orjson
from fastapi import APIRouter, Depends
from pydantic import SecretStr, ValidationError
from sqlalchemy import ColumnElement, Dialect
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import compile_path

from dovetail.api.front.fast_path import FastJSONResponse
from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.database.prepared_reads import ReadSource
from dovetail.database.session import SessionDep
from dovetail.errors import ConfigurationError, InvalidInputError
from dovetail.resources.endpoints import documentation
from dovetail.resources.endpoints.fast_path import FastRead
from dovetail.resources.endpoints.fast_place import FastPlace, Named, Values
from dovetail.resources.endpoints.page_links import cursor_url, link_header, list_url, page_query
from dovetail.resources.endpoints.routes import ResourceEndpoint, add_route
from dovetail.resources.query.cursors import Cursor, bad_cursor, read_cursor, write_cursor
from dovetail.resources.query.ordering import Terms, complete
from dovetail.resources.query.search import FullTextSearch
from dovetail.resources.query.url import Grammar, ListQuery, read_list_query, split_query
from dovetail.resources.query.where import PageRequest, place_of
from dovetail.resources.read.reader import Batch, Plan, Reader
from dovetail.resources.schemas.envelope import NO_ENVELOPE, Envelope
from dovetail.resources.spec import Spec
from dovetail.resources.sql.json_values import ORJSON_OPTIONS
from dovetail.resources.sql.statements import Cache, PreparedStatement
from dovetail.resources.visibility import NO_VALUES, Visibility
from dovetail.resources.within import Within
from dovetail.settings import SETTINGS

# The condition on the rows of a list, with placeholders for what `values` gives; or a FastAPI dependency that gives it.
Where: TypeAlias = ColumnElement[bool] | Callable[..., Awaitable[ColumnElement[bool]] | ColumnElement[bool]]
LONGEST_REMEMBERED = 300  # bytes of a query string
CURSOR = re.compile(rb"(?P<before>(?:.*&)?)cursor=(?P<text>[A-Za-z0-9_-]+)(?P<after>(?:&.*)?)")  # as we write one


@dataclass(frozen=True)
class Listing:
    """The list of a resource: reads the URL, fetches a page and writes the envelope."""

    reader: Reader
    grammar: Grammar
    envelope: Envelope = NO_ENVELOPE
    _reads: Cache = field(default_factory=Cache)  # what the same query string means

    def parse(self, connection: HTTPConnection, visibility: Visibility) -> tuple[dict[str, str], PageRequest]:
        """Return the parameters in the URL and the page that they ask for. Raise InvalidInputError."""
        values = split_query(connection.scope["query_string"], self.grammar)
        query = read_list_query(values, self.grammar.within(visibility), _secret_key(connection))
        terms = complete(self.reader.model, self._terms(query, values))
        if query.cursor is None:
            return values, PageRequest(query, terms)
        if query.cursor.ordering != _names(terms):
            raise bad_cursor("the cursor belongs to another ordering; start again with an empty one")
        position = _position(query.cursor, terms)
        directed = tuple(term.reversed() for term in terms) if query.cursor.backwards else terms
        return values, PageRequest(query, directed, position)

    async def respond_with_page(
        self, connection: HTTPConnection, source: ReadSource, visibility: Visibility
    ) -> Response:
        """Return the page that the URL asks for. Raise InvalidInputError, and NeedsSessionError as the reader does."""
        read = self._read_of(connection, visibility, source.dialect)
        batch = await self.reader.run(read.plan, source, read.request, visibility, read.parameters)
        total = None
        if read.count is not None:
            rows = await read.count.fetch(await source.connection(), read.parameters, visibility.bind_values)
            total = rows[0][0]
        elif read.request.query.count != "no":
            total = await self.reader.count(source, read.request, visibility)
        return self._write(connection, read, batch, total)

    def _read_of(self, connection: HTTPConnection, visibility: Visibility, dialect: Dialect) -> "_ListRead":
        query_string: bytes = connection.scope["query_string"]
        template = visibility.template
        if template is None or len(query_string) > LONGEST_REMEMBERED:
            return self._make_read(connection, visibility, dialect)
        cursor, around = self._cursor_in(connection, query_string)
        # With another cursor the same means the same, but for the place.
        key = (dialect.name, template, around, None if cursor is None else _shape(cursor))
        read: _ListRead | None = self._reads.get(key)
        if read is not None:
            return read if cursor is None else read.at(cursor)
        made = self._make_read(connection, visibility, dialect)
        if made.plan is not None and (cursor is not None or not made.request.query.by_cursor):
            self._reads.remember(key, lambda: made)
        return made

    def _cursor_in(self, connection: HTTPConnection, query_string: bytes) -> tuple[Cursor | None, Hashable]:
        """Return the cursor of a query string, and what stands around it; None without one, or with one to refuse."""
        found = CURSOR.fullmatch(query_string) if b"cursor=" in query_string else None
        if found is None:
            return None, query_string
        secret_key, list_name = _secret_key(connection), self.grammar.list_name
        try:
            cursor = read_cursor(found["text"].decode(), secret_key=secret_key, list_name=list_name)
        except InvalidInputError:
            return None, query_string
        return cursor, (found["before"], found["after"])

    def _make_read(self, connection: HTTPConnection, visibility: Visibility, dialect: Dialect) -> "_ListRead":
        values, request = self.parse(connection, visibility)
        plan = self.reader.plan(request, visibility, dialect)
        counts = request.query.count != "no"
        count = self.reader.count_plan(request, visibility, dialect) if counts else None
        return _ListRead(values, request, plan, count, request.parameters(), request.query.cursor)

    def _terms(self, query: ListQuery, values: Mapping[str, str]) -> Terms:
        search = self.reader.search
        is_ranked = isinstance(search, FullTextSearch) and search.declared.ranked
        if query.search and is_ranked and "ordering" not in values:
            return (self.grammar.terms["rank"].reversed(),)
        return query.terms

    def _write(self, connection: HTTPConnection, read: "_ListRead", batch: Batch, total: int | None) -> Response:
        limit = read.request.query.limit
        items, has_more = batch.items[:limit], len(batch.items) > limit
        if read.request.query.by_cursor:
            following, previous = self._cursors(connection, read, batch, has_more=has_more)
        else:
            following, previous = read.pages_by_offset(list_url(connection), has_more=has_more)
        if read.cursor is not None and read.cursor.backwards:
            items = items[::-1]
        page: dict[str, object] = {"items": items, "total": total, "next": following, "previous": previous}
        if self.envelope is not NO_ENVELOPE:
            page = self.envelope.page(page)
        return FastJSONResponse(orjson.dumps(page, option=ORJSON_OPTIONS), link_header(following, previous))

    def _cursors(
        self, connection: HTTPConnection, read: "_ListRead", batch: Batch, *, has_more: bool
    ) -> tuple[str | None, str | None]:
        cursor, terms, secret_key = read.cursor, read.request.terms, _secret_key(connection)
        address, backwards = list_url(connection), cursor is not None and cursor.backwards

        def url(cursor: Cursor) -> str:
            text = write_cursor(cursor, secret_key=secret_key, list_name=self.grammar.list_name)
            return cursor_url(address, read.values, text)

        if not batch.items:  # the rows there were deleted, or never existed; the client can still go back
            back = None if cursor is None else url(cursor.turned())
            return (back, None) if backwards else (None, back)
        ordering = _names(terms) if cursor is None else cursor.ordering
        ends = batch.position(0), batch.position(min(len(batch.items), read.request.query.limit) - 1)
        first, last = ends[::-1] if backwards else ends

        following = url(_cursor(ordering, terms, last)) if has_more or backwards else None
        previous = None
        if has_more if backwards else cursor is not None:
            previous = url(_cursor(ordering, terms, first, backwards=True))
        return following, previous


def add_list(
    spec: Spec,
    listing: Listing,
    router: APIRouter,
    path: str,
    *,
    name: str,
    where: Where | None,
    values: Values | None,
    description: str,
) -> None:
    """Add a list of a resource to a router, see Resource.add_list."""
    within = _within(name, where, values)
    place = _fast_place(spec, path, within, values)

    async def endpoint(
        request: Request,
        session: AsyncSession,
        viewer: object,
        where: ColumnElement[bool] | None = None,
        values: Named = NO_VALUES,
    ) -> Response:
        visibility = spec.visibility(viewer, where)
        if within is not None:
            visibility = visibility.narrowed(within, values)
        return await listing.respond_with_page(request, SessionSource(session), visibility)

    fast_read = FastRead(spec, listing.respond_with_page, place, listing.reader)
    described = ResourceEndpoint(
        spec,
        endpoint,
        name=name,
        description=description or f"The {spec.collection} that the viewer may see.",
        parameters=_parameters(spec, where, values),
        fast_path=fast_read if where is None or place is not None else None,
        is_list=True,
    )
    add_route(
        router,
        path,
        described,
        method="GET",
        dependencies=spec.dependencies("list"),
        response_model=spec.envelope.page_of(spec.listed or spec.read),
        openapi_extra={"parameters": documentation.list_parameters(spec.grammar)},
        responses={
            200: {"headers": documentation.response_headers(Link="The next and the previous page (RFC 8288).")},
            422: {},
        },
    )


def _parameters(spec: Spec, where: Where | None, values: Values | None) -> dict[str, object]:
    """Return the parameters of the endpoint of a list, as FastAPI takes them from its signature."""
    parameters: dict[str, object] = {"session": SessionDep, "viewer": spec.policy.reader}
    if where is not None and not isinstance(where, ColumnElement):
        parameters["where"] = Annotated[object, Depends(where)]
    if values is not None:
        parameters["values"] = Annotated[object, Depends(values)]
    return parameters


def _within(name: str, where: Where | None, values: Values | None) -> Within | None:
    """Return the condition that `where` is. Raise ConfigurationError if `values` does not fit it."""
    within = Within(where) if isinstance(where, ColumnElement) else None
    placeholders = frozenset() if within is None else within.names
    if bool(placeholders) is not (values is not None):
        found = f"the placeholders {', '.join(sorted(placeholders))}" if placeholders else "no placeholders"
        raise ConfigurationError(
            f"{name}: where has {found} and values is {values!r}, expected a function that gives a value for each"
        )
    return within


def _fast_place(spec: Spec, path: str, within: Within | None, values: Values | None) -> FastPlace | None:
    """Return what finds the rows of a list on the fast path; None if only FastAPI can."""
    return None if within is None else FastPlace.of(within, values, compile_path(path)[2], spec.policy.reader)


@dataclass(frozen=True)
class _ListRead:
    """The meaning of a query string: the page that it asks for, and the plan that reads it."""

    values: dict[str, str]
    request: PageRequest
    plan: Plan | None
    count: PreparedStatement | None
    parameters: Mapping[str, object]
    cursor: Cursor | None  # that of `request` may be another's, who asked the same before

    def at(self, cursor: Cursor) -> "_ListRead":
        """Return the same at another place. Raise InvalidInputError for a cursor whose values do not fit."""
        parameters = {**self.parameters, **place_of(_position(cursor, self.request.terms))}
        return _ListRead(self.values, self.request, self.plan, self.count, parameters, cursor)

    def pages_by_offset(self, address: str, *, has_more: bool) -> tuple[str | None, str | None]:
        """Return the URLs of the next and the previous page by offset, of the list at this address."""
        following, previous = self._offsets
        before = f"{address}?{previous}" if self.request.query.offset else None
        return f"{address}?{following}" if has_more else None, before

    @cached_property
    def _offsets(self) -> tuple[str, str]:
        query = self.request.query
        further, back = query.offset + query.limit, max(0, query.offset - query.limit)
        return page_query(self.values, offset=str(further)), page_query(self.values, offset=str(back))


def _shape(cursor: Cursor) -> Hashable:
    """Return what of a cursor the statement depends on."""
    nulls = tuple([value is None for value in cursor.values])
    return cursor.ordering, cursor.backwards, cursor.inclusive, nulls


def _cursor(ordering: str, terms: Terms, position: tuple[object, ...], *, backwards: bool = False) -> Cursor:
    # The adapters' own methods look for what nobody has given them.
    ends = zip(terms, position, strict=True)
    values = tuple([term.adapter.serializer.to_python(end, mode="json") for term, end in ends])
    return Cursor(ordering, values, backwards)


def _position(cursor: Cursor, terms: Terms) -> tuple[object, ...]:
    try:
        ends = zip(terms, cursor.values, strict=True)
        return tuple([term.adapter.validator.validate_python(end) for term, end in ends])
    except (ValidationError, ValueError):
        raise bad_cursor() from None


def _names(terms: Terms) -> str:
    return ",".join(term.name for term in terms)


def _secret_key(connection: HTTPConnection) -> SecretStr:
    return SETTINGS.get(connection.app).secret_key
