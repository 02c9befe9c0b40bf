"""The declaration of a REST API: names, fields, rules, and the reader and the parameters that are made of them.

Rooms that write rows and answer requests take a Spec; `Resource` stands on top of them and has the router.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, TypeAlias, cast, get_args

from fastapi import Path
from fastapi.params import Depends
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Integer, and_, inspect, true
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import TypeVar

from dovetail.api.base64_bytes import has_raw_bytes
from dovetail.api.schemas import BodyId, Filter, Id
from dovetail.api.throttling.throttled import throttled
from dovetail.database.search.search import FullText
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Policy, Recognized
from dovetail.resources.query.comparable import python_type
from dovetail.resources.query.filters import filter_parameters
from dovetail.resources.query.ordering import Term, ordering_terms
from dovetail.resources.query.paths import Path as ColumnPath
from dovetail.resources.query.search import FullTextSearch, Search, declared_search
from dovetail.resources.query.url import DEFAULT_LIMIT, MAXIMUM_LIMIT, Grammar
from dovetail.resources.read.etags import version_attributes
from dovetail.resources.read.reader import Cache, Reader
from dovetail.resources.visibility import EVERYTHING, Visibility

MAXIMUM_VIEWERS = 1_000  # whose visibilities are kept; each is some kilobytes
WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
Operation: TypeAlias = Literal[
    "list", "retrieve", "create", "update", "replace", "delete", "bulk_create", "bulk_update", "bulk_delete"
]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
Model = TypeVar("Model", default=Any)
Viewer = TypeVar("Viewer", default=Any)  # who writes, as the policy's `writer` gives them
Create = TypeVar("Create", bound=BaseModel, default=Any)
Update = TypeVar("Update", bound=BaseModel, default=Any)
Replace = TypeVar("Replace", bound=BaseModel, default=Any)
CreateWith: TypeAlias = Callable[[AsyncSession, Viewer, Create], Awaitable[Model | Mapping[str, object]]]
UpdateWith: TypeAlias = Callable[[AsyncSession, Viewer, Model, Update | Replace], Awaitable[object]]
DeleteWith: TypeAlias = Callable[[AsyncSession, Model], Awaitable[object]]
# Finds or makes the rows that `names` name, and gives the key of each.
FindLinks: TypeAlias = Callable[[AsyncSession, Collection[Any]], Awaitable[Mapping[Any, object]]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Spec(Generic[Model, Viewer, Create, Update, Replace]):
    """The declaration of a REST API. Everything that names a column is checked when it is made.

    Raises ConfigurationError for a name that leads nowhere, saying what there is.
    """

    model: type[Model]
    read: type[BaseModel]
    policy: Policy[Model, Viewer, Create]
    create: type[Create] | None = None
    written: type[BaseModel] | None = None  # what writes answer, if it is not `read`
    update: type[Update] | None = None  # for PATCH: what is not set stays
    replace: type[Replace] | None = None  # for PUT
    name: str = ""  # post
    plural: str = ""  # posts: the name of the list
    path: str = ""  # where its endpoints are below the router, if not at the plural
    filters: Mapping[str, str | Sequence[str] | Filter] = field(default_factory=dict)
    ordering: Sequence[str] = ()
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
    links: Mapping[str, FindLinks] = field(default_factory=dict)
    # Services that take the place of the default ones: they flush and never commit. That of a create answers an object,
    # or the values of one, which are inserted in the cheapest way.
    create_with: CreateWith[Viewer, Create, Model] | None = None  # (session, viewer, data)
    update_with: UpdateWith[Viewer, Model, Update, Replace] | None = None  # (session, viewer, item, data)
    delete_with: DeleteWith[Model] | None = None  # (session, item)

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
        _ = self.grammar, self.reader  # which check every name
        self._check_limits()
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

    def _check_limits(self) -> None:
        offered = [name for name in OPERATIONS if self.has(name)]
        if not isinstance(self.limits, str) and (strangers := set(self.limits) - set(offered)):
            raise ConfigurationError(
                f"{self.singular}: limits names {sorted(strangers)}, expected some of {', '.join(offered)}"
            )
        for operation in offered:
            self.dependencies(operation)

    @cached_property
    def singular(self) -> str:
        """The name of one row: `post`, and `order_line` of an OrderLine."""
        return self.name or WORD.sub("_", self.model.__name__).lower()

    @cached_property
    def collection(self) -> str:
        """The name of many rows: `posts`."""
        return self.plural or f"{self.singular}s"

    @cached_property
    def url(self) -> str:
        """The path of the endpoints below the router: `/posts`."""
        return f"/{self.path or self.collection}"

    @cached_property
    def key(self) -> str:
        """The name of the attribute that is the primary key."""
        mapper = inspect(self.model)
        return str(mapper.get_property_by_column(mapper.primary_key[0]).key)

    @cached_property
    def key_type(self) -> Any:
        """The type of the key in a path, with its limits."""
        return Annotated[Id if self._is_numbered else self._key_type, Path()]

    @cached_property
    def body_key_type(self) -> object:
        """The type of the key in a body, where a number is written as a number."""
        return BodyId if self._is_numbered else self._key_type

    @cached_property
    def reader(self) -> Reader:
        """The reader of rows."""
        return Reader(self.model, self.read, declared_search(self.model, self.search), version_attributes(self.model))

    @cached_property
    def written_reader(self) -> Reader:
        """The reader of rows that were just written."""
        if self.written is None:
            return self.reader
        return Reader(self.model, self.written, Search(), self.reader.version)

    @cached_property
    def grammar(self) -> Grammar:
        """The parameters that the list takes."""
        terms: dict[str, Term] = dict(ordering_terms(self.model, self.ordering))
        if isinstance(self.reader.search, FullTextSearch) and self.reader.search.declared.ranked:
            terms["rank"] = Term(cast("ColumnPath", self.reader.search.rank()))
        return Grammar(
            list_name=self.collection,
            filters=filter_parameters(self.model, self.filters),
            terms=terms,
            default_ordering=self.default_ordering,
            is_searchable=bool(self.reader.search.paths),
            fields=frozenset(self.reader.node.names()),
            expandable=frozenset(self.reader.node.on_demand()),
            default_limit=self.default_limit,
            maximum_limit=self.maximum_limit,
        )

    def has(self, operation: Operation) -> bool:
        """Return True if the resource offers the operation: its schema is given, and it is not left out."""
        if operation == "bulk_delete" and self.requires_if_match:  # keys in a URL have no entity tags
            return False
        schemas = {"create": self.create, "update": self.update, "replace": self.replace}
        schema = schemas.get(operation.removeprefix("bulk_"), self.read)
        return schema is not None and operation not in self.without

    def dependencies(self, operation: Operation) -> list[Depends]:
        """Return what FastAPI has to do before an operation: count it, if it has a limit."""
        if isinstance(self.limits, str):
            rates, name = self.limits, self.collection
        else:
            rates, name = self.limits.get(operation, ""), f"{self.collection}.{operation}"
        return [throttled(rates, by="user", name=name)] if rates else []

    def visibility(self, viewer: Viewer | None, where: ColumnElement[bool] | None = None) -> Visibility:
        """Return what `viewer` may see of the rows for which `where` holds."""
        if where is not None:
            return self._asked(viewer, where)
        if viewer is None:
            return self.anonymous_visibility if self.policy.remembers_anonymous else self._asked(None)
        values = self.policy.viewer_values(viewer)
        return self._asked(viewer) if values is None else self.visibility_of(Recognized(viewer, values))

    def visibility_of(self, recognized: Recognized[Viewer | None]) -> Visibility:
        """Return what somebody may see whom the policy has recognized."""
        values = recognized.values
        if values is None:
            return self.visibility(recognized.viewer)
        found: Visibility | None = self._seen.get(values)
        if found is None:
            found = self._seen[values] = self._asked(recognized.viewer)
        return found

    def written_visibility(self, viewer: Viewer | None) -> Visibility:
        """Return what a viewer may see of rows they just wrote, whatever the policy says of the rows."""
        if self.hides_nothing:
            return EVERYTHING
        return Visibility(true(), self.policy.related(viewer), self.policy.hidden(viewer))

    @cached_property
    def anonymous_visibility(self) -> Visibility:
        """The visibility of somebody unknown, if the policy promises that it never changes (`remembers_anonymous`)."""
        return self._asked(None)

    def _asked(self, viewer: Viewer | None, where: ColumnElement[bool] | None = None) -> Visibility:
        """Ask the policy."""
        rows = self.policy.rows(viewer)
        return Visibility(
            rows if where is None else and_(rows, where),
            self.policy.related(viewer),
            self.policy.hidden(viewer),
            self._templates,
        )

    @cached_property
    def _seen(self) -> Cache:
        """The visibilities of viewers, by their values."""
        return Cache(MAXIMUM_VIEWERS)

    @cached_property
    def _templates(self) -> Cache:
        """Visibilities that differ in more than values, by their cache keys."""
        return Cache()

    @cached_property
    def _key_type(self) -> object:
        return python_type(getattr(self.model, self.key).type)

    @cached_property
    def _is_numbered(self) -> bool:
        return isinstance(getattr(self.model, self.key).type, Integer)

    @cached_property
    def hides_nothing(self) -> bool:
        """True if the policy hides no field and no related row from anybody."""
        policy = type(self.policy)
        return policy.related is Policy.related and policy.hidden is Policy.hidden
