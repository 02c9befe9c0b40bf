"""The fields of `Resource`, as its author declares them. What is derived from them stands in `derived.py`."""

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

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"  # the actions of a policy
FROM_FIELDS = BaseModel  # the default of `read`: the schema is made of `fields`
CLOSED = Closed(object)  # the default of `policy`: the closed policy of the model
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
    # Columns, also of related rows (`author.username`), of which the schemas `read`, `create` and `update` are made
    # where they are not given. Those that are `read_only` are in `read` alone.
    fields: Sequence[str] = ()
    read_only: Collection[str] = ()
    read: type[BaseModel] = FROM_FIELDS
    # Who may see and change what: the policy that is registered for the model. Without it the resource is closed: it is
    # for staff with the model's permissions.
    policy: Policy[Model, Viewer, Create] = CLOSED  # type: ignore[assignment]  # erased: see Derived
    create: type[Create] | None = None
    listed: type[BaseModel] | None = None  # the schema of items in lists, if it is not `read`
    written: type[BaseModel] | None = None  # the schema of answers to writes, if it is not `read`
    update: type[Update] | None = None  # the body of PATCH: fields that are not set stay as they are
    replace: type[Replace] | None = None  # the body of PUT
    # Whether a PUT makes the row if there is none with the key in its path; the same of a PUT of many at `bulk`.
    put_creates: bool = False
    name: str = ""  # "post", for operation ids and messages
    plural: str = ""  # "posts", for the path and the operation id of the list
    path: str = ""  # the path of its endpoints below the router, if it is not the plural
    # A unique column that stands in paths in place of the primary key: `/articles/{article_slug}`. A write is refused
    # whose value cannot stand in a path, or has a meaning there (`bulk`, and the words in `reserved`).
    lookup: str = ""
    reserved: Collection[str] = ()
    envelope: Envelope = NO_ENVELOPE  # the names around objects and lists, such as {"article": {...}}
    update_method: Literal["PATCH", "PUT"] = "PATCH"  # of a change of some fields; PUT for clients that send it so
    filters: Mapping[str, str | Sequence[str] | Filter] = field(default_factory=dict)
    ordering: Sequence[str] | Mapping[str, str] = ()  # columns, or columns by the names in URLs: {"newest": "id"}
    default_ordering: str = ""
    search: Sequence[str] | FullText = ()
    # Orders (`view_count`), filters (`title__icontains`) and `search` that need no index, since the table is small or
    # they are seldom used. `manage.py check` warns of all others without one.
    unindexed: Collection[str] = ()
    default_limit: int = DEFAULT_LIMIT  # items on a page
    maximum_limit: int = MAXIMUM_LIMIT
    without: frozenset[Operation] | set[Operation] = frozenset()
    requires_if_match: bool = False  # 428 without the header; there is no bulk delete then
    # The rate limit of each client: "100/minute" for all operations together, or one for each of some operations.
    limits: str | Mapping[Operation, str] = ""
    # Fields of `create` and `update` that name rows of a many-to-many relation: with a unique column
    # (`{"tags": Tag.name}`) the rows with these values are found or made, or a function does it.
    links: Mapping[str, FindLinks | InstrumentedAttribute[str]] = field(default_factory=dict)
    # Relations whose rows bodies hold as nested objects; they are made, changed and removed with the row. Their schemas
    # are made of `fields` (`crates.items.name`), or are fields of your own schemas.
    nested: Collection[str] = ()
    # Values of a new row that its body leaves out, taken from the viewer: a column of theirs,
    # `{"author_id": User.id}`, or a function of them. A column that is in no schema always gets this value.
    create_defaults: Mapping[str, CreateDefault[Viewer] | InstrumentedAttribute[object]] = field(default_factory=dict)
    # Services that replace the default ones; they flush and never commit. `create_with` returns an object, or a mapping
    # of its values, which is inserted faster.
    create_with: CreateWith[Viewer, Create, Model] | None = None  # (session, viewer, data)
    update_with: UpdateWith[Viewer, Model, Update, Replace] | None = None  # (session, viewer, item, data)
    delete_with: DeleteWith[Model] | None = None  # (session, item)
