"""`Resource`: the REST API of a model, declared in ten lines.

    posts = Resource(
        model=Post, read=PostRead, create=PostCreate, update=PostUpdate, policy=PostPolicy(),
        filters={"author_id": ("exact", "in"), "created_at": ("gte", "lte"), "tags__name": "exact"},
        ordering=("created_at", "title"), default_ordering="-created_at", search=("title", "content"),
    )
    router = APIRouter(tags=["blog"])
    router.include_router(posts.router)

The router has `GET /posts`, `POST /posts`, `GET`, `PATCH` and `DELETE /posts/{post_id}`, and the same in bulk. To write
an endpoint yourself, leave it out by `without` and add an ordinary FastAPI endpoint to the same router.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from starlette.requests import Request
from starlette.responses import Response

from dovetail.api.principal import Principal as Principal
from dovetail.database.prepared_reads import ReadSource
from dovetail.files.schemas import StoredFileRead as StoredFileRead
from dovetail.middleware.headers import list_header
from dovetail.resources.declaration.declared import CHANGE, Create, Model, Replace, Update, Viewer
from dovetail.resources.declaration.narrowed import narrow_bodies
from dovetail.resources.endpoints import bulk, documentation, idempotency, item_routes, items
from dovetail.resources.endpoints.fast_place import Values
from dovetail.resources.endpoints.lists import Listing, Where, add_list
from dovetail.resources.endpoints.replays import Replays
from dovetail.resources.key_reader import KeyReader
from dovetail.resources.policy import Open as Open
from dovetail.resources.policy import Policy as Policy
from dovetail.resources.policy import ReadOnly as ReadOnly
from dovetail.resources.policy import Recognized as Recognized
from dovetail.resources.schemas.envelope import Envelope as Envelope
from dovetail.resources.schemas.model_schemas import CreateSchema as CreateSchema
from dovetail.resources.schemas.model_schemas import ReadSchema as ReadSchema
from dovetail.resources.schemas.model_schemas import UpdateSchema as UpdateSchema
from dovetail.resources.schemas.sources import From as From
from dovetail.resources.spec import Spec
from dovetail.resources.sql.named_rows import named_rows
from dovetail.resources.write.declarations import check_writing
from dovetail.resources.write.writer import Writer

ONCE: dict[str, object] = {"parameters": [documentation.idempotency_key()]}
"""The `openapi_extra` of an endpoint that answers by `Resource.respond_once`: it takes an `Idempotency-Key`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource(Spec[Model, Viewer, Create, Update, Replace]):
    """A REST API; `declaration/declared.py` lists its fields. All names are checked when the resource is made.

    Raise ConfigurationError for a name that does not exist, with the names that do.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        check_writing(self)
        narrow_bodies(self)

    @cached_property
    def listing(self) -> Listing:
        """The endpoint function of the list."""
        return Listing(self.list_reader, self.grammar, self.envelope)

    @cached_property
    def _keys(self) -> KeyReader:
        return KeyReader(self)

    @cached_property
    def writer(self) -> Writer[Model, Viewer, Create, Update, Replace]:
        """The writer of rows."""
        return Writer(self)

    @cached_property
    def router(self) -> APIRouter:
        """The router with the endpoints."""
        router = APIRouter()
        bulk.add_endpoints(self.writer, router)
        if self.has("list"):
            self.add_list(router, self.url, name=f"list_{self.collection}")
        item_routes.add_endpoints(self.writer, router)
        return router

    def add_list(
        self,
        router: APIRouter,
        path: str,
        *,
        name: str,
        where: Where | None = None,
        values: Values | None = None,
        description: str = "",
    ) -> None:
        """Add a second list of the resource, with all its query parameters, to a router.

        `where` is a condition on the rows. It may have placeholders (`bindparam`) for what the path names; `values` is
        a FastAPI dependency that returns their values, or raises NotFoundError:

            async def of_tag(name: str, viewer: OptionalUser, source: SourceDep) -> dict[str, object]:
                return {"tag_id": await tags.find_key(source, viewer, name=name)}

            has_tag = related(Post.tags, Tag.id == bindparam("tag_id"))
            posts.add_list(router, "/tags/{name}/posts", name="list_tag_posts", where=has_tag, values=of_tag)

        The list takes the fast path if `values` depends on nothing but parameters of the path, the policy's `reader`
        and SourceDep. `where` may also be a dependency that returns the condition; such a list never takes it.
        """
        add_list(self, self.listing, router, path, name=name, where=where, values=values, description=description)

    async def find_key(self, source: ReadSource, viewer: Viewer | None, **values: object) -> object:
        """Return the primary key of the row whose columns have these values: `find_key(source, viewer, name="x")`.

        Raise NotFoundError if the viewer may not know of such a row.
        """
        return await self._keys.find(source, self.visibility(viewer), values)

    async def lock(
        self,
        session: AsyncSession,
        viewer: Viewer,
        key: object,
        request: Request | None = None,
        *,
        action: str = CHANGE,
    ) -> Model:
        """Return a row, locked until the transaction ends, to which the viewer may do `action`.

        With `request`, its If-Match is checked. Raise NotFoundError for a row that the viewer may not see,
        PermissionDeniedError if they may not do `action` to it, and StaleWriteError if the If-Match does not fit.
        """
        item = await self.writer.lock_item(session, viewer, key, action)
        if request is not None:
            self.writer.check_precondition(viewer, item, list_header(request.scope, b"if-match"))
        return item

    async def respond(
        self,
        request: Request,
        session: AsyncSession,
        viewer: object,
        key: object,
        *,
        status: int = 200,
        action: str | None = None,
    ) -> Response:
        """Return the response of your own endpoint after a write: the object, its ETag, and Location if it is new.

        Raise PermissionDeniedError if the viewer may not do `action` to the row as it is now. Without `action` it is
        "add" with the status 201, and otherwise "change".
        """
        return await items.respond_with_written(self, request, session, viewer, key, action, status=status)

    async def respond_once(
        self, request: Request, session: AsyncSession, viewer: Viewer | None, make: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Return what `make` returns, or what it returned when this viewer sent the same `Idempotency-Key` before.

        Declare the endpoint with `openapi_extra=ONCE`. Raise InvalidInputError for the key of a different request.
        """
        replays = Replays(self, session, viewer)
        return await idempotency.respond_once(request, session, self.policy.identity(viewer), make, replays)


async def find_or_make(session: AsyncSession, name: InstrumentedAttribute[str], names: Iterable[str]) -> dict[str, int]:
    """Return the key of the row of each name, and make the missing rows: `find_or_make(session, Tag.name, names)`.

    `name` is a unique column. It is safe under concurrency: two requests that make the same row at once get the same
    one, without a deadlock. Raise SQLAlchemy's IntegrityError if another column needs a value.
    """
    return await named_rows(name).find_or_make(session, names)
