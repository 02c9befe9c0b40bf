"""The fields of a resource: what its author says, and nothing that follows from it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, get_args

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from typing_extensions import TypeVar

from dovetail.api.schemas import Filter
from dovetail.database.search.search import FullText
from dovetail.resources.policies.closed import Closed
from dovetail.resources.policy import Policy
from dovetail.resources.query.url import DEFAULT_LIMIT, MAXIMUM_LIMIT
from dovetail.resources.schemas.envelope import NO_ENVELOPE, Envelope

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"  # what a policy is asked for
FROM_FIELDS = BaseModel  # in the place of a schema that is made with the resource
CLOSED = Closed(object)  # in the place of the closed policy of the model, which is made with the resource
Operation: TypeAlias = Literal[
    "list",
    "retrieve",
    "create",
    "update",
    "replace",
    "delete",
    "bulk_create",
    "bulk_update",
    "bulk_delete",
    "bulk_replace",
]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
READS: frozenset[Operation] = frozenset({"list", "retrieve"})
Model = TypeVar("Model", default=Any)
Viewer = TypeVar("Viewer", default=Any)  # who writes, as the policy's `writer` gives them
Create = TypeVar("Create", bound=BaseModel, default=Any)
Update = TypeVar("Update", bound=BaseModel, default=Any)
Replace = TypeVar("Replace", bound=BaseModel, default=Any)
CreateWith: TypeAlias = Callable[[AsyncSession, Viewer, Create], Awaitable[Model | Mapping[str, object]]]
CreateDefault: TypeAlias = Callable[[Viewer], object]
UpdateWith: TypeAlias = Callable[[AsyncSession, Viewer, Model, Update | Replace], Awaitable[object]]
DeleteWith: TypeAlias = Callable[[AsyncSession, Model], Awaitable[object]]
# Finds or makes the rows that `names` name, and gives the key of each.
FindLinks: TypeAlias = Callable[[AsyncSession, Collection[Any]], Awaitable[Mapping[Any, object]]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Declared(Generic[Model, Viewer, Create, Update, Replace]):
    """The fields of a resource."""

    model: type[Model]
    # Of these columns, and of what stands behind the dot of a relation (`author.username`), those schemas are made that
    # are not given: read, create and update. Those that are `read_only` are answered, and nobody sends them.
    fields: Sequence[str] = ()
    read_only: Collection[str] = ()
    read: type[BaseModel] = FROM_FIELDS
    # Who may see and change what: the policy that is registered for the model. Without one, staff with the permission.
    policy: Policy[Model, Viewer, Create] = CLOSED  # type: ignore[assignment]  # erased: see Derived
    create: type[Create] | None = None
    listed: type[BaseModel] | None = None  # what lists answer of each row, if it is not `read`
    written: type[BaseModel] | None = None  # what writes answer, if it is not `read`
    update: type[Update] | None = None  # for PATCH: what is not set stays
    replace: type[Replace] | None = None  # for PUT
    # Whether a PUT at a key that no row has makes one, with the body and that key; a PUT of many at `bulk` does it too.
    put_creates: bool = False
    name: str = ""  # post
    plural: str = ""  # posts: the name of the list
    path: str = ""  # where its endpoints are below the router, if not at the plural
    # A unique column by which clients know a row, in place of the primary key: `/articles/{article_slug}`. A value that
    # could not stand in a path, or that means something else there (`bulk`, and what `reserved` names), is refused.
    lookup: str = ""
    reserved: Collection[str] = ()
    envelope: Envelope = NO_ENVELOPE  # what stands around objects and lists, if not what Page has
    update_method: Literal["PATCH", "PUT"] = "PATCH"  # how a change of some fields is sent; PUT if clients do so
    filters: Mapping[str, str | Sequence[str] | Filter] = field(default_factory=dict)
    ordering: Sequence[str] | Mapping[str, str] = ()  # columns, or by the name that clients know: {"newest": "id"}
    default_ordering: str = ""
    search: Sequence[str] | FullText = ()
    # Orders (`view_count`), filters (`title__icontains`) and `search` that may do without an index: the table is small,
    # or they are seldom used. `manage.py check` names all others.
    unindexed: Collection[str] = ()
    default_limit: int = DEFAULT_LIMIT  # items on a page
    maximum_limit: int = MAXIMUM_LIMIT
    without: frozenset[Operation] | set[Operation] = frozenset()
    requires_if_match: bool = False  # 428 without the header; no bulk delete, which has no place for it
    # How often it may be asked, for each client: "100/minute" for all operations together, or for some of them each.
    limits: str | Mapping[Operation, str] = ""
    # Fields of `create` and `update` that name rows of a many-to-many relation, and who finds or makes those.
    # A unique column in place of a function (`{"tags": Tag.name}`) finds the rows of these values, or makes them.
    links: Mapping[str, FindLinks | InstrumentedAttribute[str]] = field(default_factory=dict)
    # Relations that bodies hold as objects of their own, which are made, changed and removed with the row. Of `crates`
    # and `crates.items` schemas are made of what `fields` has behind their dots; yours have fields of these names.
    nested: Collection[str] = ()
    # Values of a new row that its body leaves out, of who makes it: a column of theirs, `{"author_id": User.id}`, or
    # what a function returns of them. A column that is in no schema has the value whatever a client sends.
    create_defaults: Mapping[str, CreateDefault[Viewer] | InstrumentedAttribute[object]] = field(default_factory=dict)
    # Services that take the place of the default ones: they flush and never commit. That of a create answers an object,
    # or the values of one, which are inserted in the cheapest way.
    create_with: CreateWith[Viewer, Create, Model] | None = None  # (session, viewer, data)
    update_with: UpdateWith[Viewer, Model, Update, Replace] | None = None  # (session, viewer, item, data)
    delete_with: DeleteWith[Model] | None = None  # (session, item)
