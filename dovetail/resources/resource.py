"""A REST API declared in ten lines.

    posts = Resource(
        model=Post, read=PostRead, create=PostCreate, update=PostUpdate, policy=PostPolicy(),
        filters={"author_id": ("exact", "in"), "created_at": ("gte", "lte"), "tags__name": "exact"},
        ordering=("created_at", "title"), default_ordering="-created_at", search=("title", "content"),
    )
    router = APIRouter(tags=["blog"])
    router.include_router(posts.router)

The router answers `GET /posts`, `POST /posts`, `GET`, `PATCH` and `DELETE /posts/{post_id}`, and the same in bulk. What
is to be different is left out by `without` and written as an ordinary FastAPI endpoint on the same router.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias, cast

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Integer, and_, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from dovetail.api.base64_bytes import has_raw_bytes
from dovetail.api.schemas import BodyId, Id
from dovetail.database.search.search import FullText
from dovetail.errors import ConfigurationError
from dovetail.resources.endpoints import bulk, items
from dovetail.resources.endpoints.endpoints import Where, add_list
from dovetail.resources.endpoints.lists import Listing
from dovetail.resources.policy import Policy
from dovetail.resources.query import filters as lookups
from dovetail.resources.query import ordering as orderings
from dovetail.resources.query import search as searches
from dovetail.resources.query.comparable import python_type
from dovetail.resources.query.paths import Path as ColumnPath
from dovetail.resources.query.url import DEFAULT_LIMIT, MAXIMUM_LIMIT, Grammar, ItemQuery
from dovetail.resources.read.by_key import key_request
from dovetail.resources.read.pages import PageRequest
from dovetail.resources.read.reads import Reader
from dovetail.resources.scope import Scope
from dovetail.resources.write import idempotency, writing
from dovetail.resources.write.etags import version_attributes
from dovetail.resources.write.insert import Inserter
from dovetail.resources.write.links import FindLinks, check_links

WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
Endpoint: TypeAlias = Literal[
    "list", "retrieve", "create", "update", "replace", "delete", "bulk_create", "bulk_update", "bulk_delete"
]
Create: TypeAlias = Callable[[AsyncSession, Any, Any], Awaitable[Any]]
Update: TypeAlias = Callable[[AsyncSession, Any, Any, Any], Awaitable[Any]]
Delete: TypeAlias = Callable[[AsyncSession, Any], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """What a REST API is made of. Everything that names a column is checked when the resource is made.

    Raises ConfigurationError for a name that leads nowhere, saying what there is.
    """

    model: type[Any]
    read: type[BaseModel]
    policy: Policy
    create: type[BaseModel] | None = None
    written: type[BaseModel] | None = None  # what writes answer, if it is not `read`
    update: type[BaseModel] | None = None  # for PATCH: what is not set stays
    replace: type[BaseModel] | None = None  # for PUT
    name: str = ""  # post
    plural: str = ""  # posts: the name of the list
    path: str = ""  # where its endpoints are below the router, if not at the plural
    filters: Mapping[str, str | Sequence[str] | lookups.Filter] = field(default_factory=dict)
    ordering: Sequence[str] = ()
    default_ordering: str = ""
    search: Sequence[str] | FullText = ()
    # Orders (`view_count`), filters (`title__icontains`) and `search` that may do without an index: the table is small,
    # or they are seldom used. `manage.py check` names all others.
    unindexed: Collection[str] = ()
    default_limit: int = DEFAULT_LIMIT  # items on a page
    maximum_limit: int = MAXIMUM_LIMIT
    without: frozenset[Endpoint] | set[Endpoint] = frozenset()
    requires_if_match: bool = False  # 428 without the header; no bulk delete, which has no place for it
    # Fields of `create` and `update` that name rows of a many-to-many relation, and who finds or makes those.
    links: Mapping[str, FindLinks] = field(default_factory=dict)
    # Services that take the place of the default ones: they flush and never commit. That of a create answers an object,
    # or the values of one, which are inserted in the cheapest way.
    create_with: Create | None = None  # (session, viewer, data)
    update_with: Update | None = None  # (session, viewer, item, data)
    delete_with: Delete | None = None  # (session, item)

    def __post_init__(self) -> None:
        if len(inspect(self.model).primary_key) != 1:
            raise ConfigurationError(f"{self.model.__name__} needs a primary key of one column to be a resource")
        if not 1 <= self.default_limit <= self.maximum_limit:
            raise ConfigurationError(
                f"{self.singular}: default_limit is {self.default_limit} and maximum_limit {self.maximum_limit}, "
                "expected 1 <= default_limit <= maximum_limit"
            )
        for schema in (self.read, self.written, self.create, self.update, self.replace):
            if schema is not None and has_raw_bytes(schema):
                raise ConfigurationError(
                    f"{schema.__name__} has a field of bytes, which JSON cannot hold; derive it from "
                    "dovetail.api.schemas.Schema, which has them as base64"
                )
        _ = self.listing  # checks every name
        check_links(self)
        writing.check_schemas(self)
        unknown = {part.strip().removeprefix("-") for part in self.default_ordering.split(",")} - {
            "",
            *self.grammar.terms,
        }
        if unknown:
            raise ConfigurationError(
                f"{self.singular}: default_ordering names {sorted(unknown)}, which `ordering` does not"
            )

        if strangers := set(self.unindexed) - {"search", *self.grammar.terms, *self.grammar.filters}:
            known = ", ".join(sorted({"search", *self.grammar.terms, *self.grammar.filters}))
            raise ConfigurationError(f"{self.singular}: unindexed names {sorted(strangers)}, expected some of {known}")

    @cached_property
    def singular(self) -> str:
        """The name of one: `post`, and `order_line` of an OrderLine."""
        return self.name or WORD.sub("_", self.model.__name__).lower()

    @cached_property
    def collection(self) -> str:
        """The name of many: `posts`."""
        return self.plural or f"{self.singular}s"

    @cached_property
    def url(self) -> str:
        """Where its endpoints are, below the router: `/posts`."""
        return f"/{self.path or self.collection}"

    @cached_property
    def key(self) -> str:
        """The attribute that is the primary key."""
        mapper = inspect(self.model)
        return str(mapper.get_property_by_column(mapper.primary_key[0]).key)

    @cached_property
    def key_type(self) -> Any:
        """The key in a path, with its limits."""
        return Annotated[Id if self._is_numbered else self._key_type, Path()]

    @cached_property
    def body_key_type(self) -> Any:
        """The key in a body, where a number is written as one."""
        return BodyId if self._is_numbered else self._key_type

    @cached_property
    def reader(self) -> Reader:
        """Reads rows."""
        return Reader(self.model, self.read, searches.declare(self.model, self.search), version_attributes(self.model))

    @cached_property
    def written_reader(self) -> Reader:
        """Reads what was just written."""
        if self.written is None:
            return self.reader
        return Reader(self.model, self.written, searches.Search(), self.reader.version)

    @cached_property
    def inserter(self) -> Inserter:
        """Inserts rows, and reads what was just written."""
        return Inserter(self.written_reader, self.key)

    @cached_property
    def grammar(self) -> Grammar:
        """The parameters of the list."""
        terms: dict[str, Any] = dict(orderings.declare(self.model, self.ordering))
        if isinstance(self.reader.search, searches.FullTextSearch) and self.reader.search.declared.ranked:
            terms["rank"] = orderings.Term(cast("ColumnPath", self.reader.search.rank()))
        return Grammar(
            list_name=self.collection,
            filters=lookups.parameters(self.model, self.filters),
            terms=terms,
            default_ordering=self.default_ordering,
            is_searchable=bool(self.reader.search.paths),
            fields=frozenset(self.reader.node.names()),
            expandable=frozenset(self.reader.node.on_demand()),
            default_limit=self.default_limit,
            maximum_limit=self.maximum_limit,
        )

    @cached_property
    def listing(self) -> Listing:
        """Answers lists."""
        return Listing(self.reader, self.grammar)

    @cached_property
    def key_filter(self) -> lookups.FilterParameter:
        """Finds rows by their keys."""
        return lookups.parameters(self.model, {self.key: "in"})[f"{self.key}__in"]

    @cached_property
    def key_terms(self) -> orderings.Terms:
        """The order by key alone."""
        return orderings.complete(self.model, ())

    @cached_property
    def router(self) -> APIRouter:
        """The endpoints."""
        router = APIRouter()
        bulk.add_endpoints(self, router)
        if self.has("list"):
            self.add_list(router, self.url, name=f"list_{self.collection}")
        items.add_endpoints(self, router)
        return router

    def key_request(self, keys: tuple[Any, ...]) -> PageRequest:
        """A page that holds the rows with these keys."""
        return key_request(self, keys, ItemQuery())

    def has(self, endpoint: Endpoint) -> bool:
        """Whether the resource offers it: its schema is given, it is not left out, and it can say what it has to."""
        if endpoint == "bulk_delete" and self.requires_if_match:  # keys in a URL have no entity tags
            return False
        schemas = {"create": self.create, "update": self.update, "replace": self.replace}
        schema = schemas.get(endpoint.removeprefix("bulk_"), self.read)
        return schema is not None and endpoint not in self.without

    def add_list(
        self, router: APIRouter, path: str, *, name: str, where: Where | None = None, description: str = ""
    ) -> None:
        """Add a list of the resource, with all its parameters, to a router.

        `where` is a FastAPI dependency that gives the condition on the rows, or raises NotFoundError:

            async def of_tag(name: str, session: SessionDep) -> ColumnElement[bool]: ...

            posts.add_list(router, "/tags/{name}/posts", name="list_tag_posts", where=of_tag)
        """
        add_list(self, router, path, name=name, where=where, description=description)

    async def lock(self, session: AsyncSession, viewer: Any, key: Any, request: Request | None = None) -> Any:
        """A row that an endpoint of your own is going to change: nobody else does until the transaction ends.

        With `request`, the client's If-Match is checked. Raises NotFoundError and StaleWriteError.
        """
        item = await writing.lock_item(self, session, viewer, key)
        if request is not None:
            writing.check_precondition(self, item, request.headers.get("If-Match"))
        return item

    async def answer(
        self, request: Request, session: AsyncSession, viewer: Any, key: Any, *, status: int = 200
    ) -> Response:
        """What an endpoint of your own answers after a write: the object with its ETag, and if new, Location."""
        return await items.answer_item(self, request, session, viewer, key, status=status)

    async def answer_once(
        self, request: Request, session: AsyncSession, viewer: Any, answer: Callable[[], Awaitable[Response]]
    ) -> Response:
        """What `answer` answers, or what it answered when this viewer sent the same `Idempotency-Key` before.

        `documentation.idempotency_key()` describes the header. Raises InvalidInputError for a key of another request.
        """
        return await idempotency.answer_once(request, session, self.policy.identity(viewer), answer)

    def scope(self, viewer: Any, where: ColumnElement[bool] | None = None) -> Scope:
        """What `viewer` may see, of the rows for which `where` holds."""
        rows = self.policy.rows(viewer)
        return Scope(
            rows if where is None else and_(rows, where), self.policy.related(viewer), self.policy.hidden(viewer)
        )

    def quick_scope(self, connection: HTTPConnection) -> Scope | None:
        """What somebody unknown may see; None if the request may come from somebody known."""
        if not self.policy.is_anonymous(connection):
            return None
        return self._unknown if self.policy.remembers_anonymous else self.scope(None)

    @cached_property
    def _key_type(self) -> Any:
        return python_type(getattr(self.model, self.key).type)

    @cached_property
    def _is_numbered(self) -> bool:
        return isinstance(getattr(self.model, self.key).type, Integer)

    @cached_property
    def _unknown(self) -> Scope:
        return replace(self.scope(None), is_constant=True)
