"""The declaration of a REST API: names, fields, rules, and the reader and the parameters that are made of them.

Rooms that write rows and answer requests take a Spec; `Resource` stands on top of them and has the router.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Annotated, Any, Generic, Literal, TypeAlias, cast, get_args

from fastapi import Path
from fastapi.params import Depends
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import ColumnElement, Integer, and_, inspect, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from typing_extensions import TypeVar

from dovetail.api.base64_bytes import has_raw_bytes
from dovetail.api.schemas import BodyId, Filter, Id, KeyText
from dovetail.api.throttling.throttled import throttled
from dovetail.database.search.search import FullText
from dovetail.errors import (
    ConfigurationError,
    DovetailError,
    FieldError,
    NotAuthenticatedError,
    PermissionDeniedError,
)
from dovetail.resources.conditions import is_always, is_never
from dovetail.resources.policies.access import Access
from dovetail.resources.policies.closed import Closed
from dovetail.resources.policy import Policy, Recognized, remembers_viewers
from dovetail.resources.query.comparable import python_type
from dovetail.resources.query.filters import filter_parameters
from dovetail.resources.query.ordering import Term, ordering_terms
from dovetail.resources.query.paths import Path as ColumnPath
from dovetail.resources.query.search import FullTextSearch, Search, declared_search
from dovetail.resources.query.url import DEFAULT_LIMIT, MAXIMUM_LIMIT, Grammar
from dovetail.resources.read.etags import version_attributes
from dovetail.resources.read.reader import Cache, Reader
from dovetail.resources.schemas.envelope import NO_ENVELOPE, Envelope
from dovetail.resources.schemas.file_columns import unwritable_files
from dovetail.resources.schemas.lookups import check_lookup
from dovetail.resources.schemas.model_schemas import model_schemas
from dovetail.resources.schemas.sources import Build
from dovetail.resources.sql.named_rows import named_rows
from dovetail.resources.targets import field_names, targets
from dovetail.resources.visibility import Visibility

MAXIMUM_VIEWERS = 1_000  # whose visibilities are kept; each is some kilobytes
VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"  # what a policy is asked for
SEE = "see"  # what is remembered of a viewer: that, and `lock to ...` and `answer ...` with each action
FROM_FIELDS = BaseModel  # in the place of a schema that is made with the resource
CLOSED = Closed(object)  # in the place of the closed policy of the model, which is made with the resource
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
    # Of these columns, and of what stands behind the dot of a relation (`author.username`), those schemas are made that
    # are not given: read, create and update. Those that are `read_only` are answered, and nobody sends them.
    fields: Sequence[str] = ()
    read_only: Collection[str] = ()
    read: type[BaseModel] = FROM_FIELDS
    # Who may see and change what: the policy that is registered for the model. Without one, staff with the permission.
    policy: Policy[Model, Viewer, Create] = CLOSED  # type: ignore[assignment]  # see __post_init__
    create: type[Create] | None = None
    listed: type[BaseModel] | None = None  # what lists answer of each row, if it is not `read`
    written: type[BaseModel] | None = None  # what writes answer, if it is not `read`
    update: type[Update] | None = None  # for PATCH: what is not set stays
    replace: type[Replace] | None = None  # for PUT
    put_creates: bool = False  # whether a PUT at a key that no row has makes one, with the body and that key
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
    # Services that take the place of the default ones: they flush and never commit. That of a create answers an object,
    # or the values of one, which are inserted in the cheapest way.
    create_with: CreateWith[Viewer, Create, Model] | None = None  # (session, viewer, data)
    update_with: UpdateWith[Viewer, Model, Update, Replace] | None = None  # (session, viewer, item, data)
    delete_with: DeleteWith[Model] | None = None  # (session, item)

    def __post_init__(self) -> None:
        self._make_schemas()
        if self.policy is CLOSED:
            object.__setattr__(self, "policy", Closed(self.model))
        if len(inspect(self.model).primary_key) != 1:
            raise ConfigurationError(f"{self.model.__name__} needs a primary key of one column to be a resource")
        if not 1 <= self.default_limit <= self.maximum_limit:
            raise ConfigurationError(
                f"{self.singular}: default_limit is {self.default_limit} and maximum_limit {self.maximum_limit}, "
                "expected 1 <= default_limit <= maximum_limit"
            )
        self._check_addresses()
        for schema in (self.read, self.listed, self.written, self.create, self.update, self.replace):
            if schema is not None and has_raw_bytes(schema):
                raise ConfigurationError(
                    f"{schema.__name__} has a field of bytes, which JSON cannot hold; derive it from "
                    "dovetail.api.schemas.Schema, which has them as base64"
                )
        for problem in unwritable_files(self.model, self.create, self.update, self.replace):
            raise ConfigurationError(f"{self.singular}: {problem}")
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

    def _make_schemas(self) -> None:
        """Make the schemas that are not given of `fields`."""
        if not self.fields:
            if self.read is FROM_FIELDS or self.read_only:
                raise ConfigurationError(f"{self.singular}: expected `fields`, of which schemas are made, or `read`")
            return
        made = model_schemas(self.model, self.fields, self.read_only)
        if self.read is FROM_FIELDS:
            object.__setattr__(self, "read", made.read)
        for name, schema in (("create", made.create), ("update", made.update)):
            if getattr(self, name) is None and schema.model_fields:
                object.__setattr__(self, name, schema)

    def _check_addresses(self) -> None:
        """Raise ConfigurationError for a `lookup` that does not tell rows apart, and for two endpoints at one PUT."""
        if self.lookup:
            check_lookup(self.singular, self.model, self.lookup)
        if self.reserved and not self.lookup:
            raise ConfigurationError(f"{self.singular}: reserved names keys of a `lookup`, and there is none")
        if self.put_creates and (not self.has("replace") or self.create_with is not None):
            raise ConfigurationError(
                f"{self.singular}: put_creates makes a row of the body of `replace`: give that, and no create_with"
            )
        if self.put_creates and self.is_numbered and not self.lookup:
            raise ConfigurationError(
                f"{self.singular}: put_creates takes the key from the path, and the database counts up"
            )
        if self.update_method == "PUT" and (self.replace is not None or not self.has("update")):
            found = "PUT is `replace`" if self.replace is not None else "there is no `update` to be sent by PUT"
            raise ConfigurationError(f"{self.singular}: {found}, so update_method has to be PATCH")

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
    def known_by(self) -> str:
        """The name of the attribute by which clients know a row: the `lookup`, else the key."""
        return self.lookup or self.key

    @cached_property
    def key_type(self) -> object:
        """The type of what stands for a row in a path, with its limits."""
        if self.lookup:
            return Annotated[python_type(getattr(self.model, self.lookup).type), Path()]
        return Annotated[KeyText if self.is_numbered else self._key_type, Path()]

    @cached_property
    def key_adapter(self) -> TypeAdapter[Hashable]:
        """The adapter that reads a primary key as JSON holds it."""
        return TypeAdapter(cast("type[Hashable]", Id if self.is_numbered else self._key_type))

    @cached_property
    def taken_keys(self) -> frozenset[str]:
        """The texts that would mean something else where a row's `lookup` stands in a path."""
        bulk = any(self.has(operation) for operation in ("bulk_create", "bulk_update", "bulk_delete"))
        return frozenset(self.reserved) | ({"bulk"} if bulk else set())

    @cached_property
    def primary_key_type(self) -> object:
        """The type of the primary key in a URL."""
        return KeyText if self.is_numbered else self._key_type

    @cached_property
    def body_key_type(self) -> object:
        """The type of the key in a body, where a number is written as a number."""
        return BodyId if self.is_numbered else self._key_type

    @cached_property
    def reader(self) -> Reader:
        """The reader of rows."""
        return Reader(self.model, self.read, declared_search(self.model, self.search), version_attributes(self.model))

    @cached_property
    def item_reader(self) -> Reader:
        """The reader of rows by what clients know them by."""
        return self._by_lookup(self.reader)

    @cached_property
    def list_reader(self) -> Reader:
        """The reader of the rows of a list."""
        if self.listed is None:
            return self.reader
        return Reader(self.model, self.listed, self.reader.search, self.reader.version)

    @cached_property
    def written_item_reader(self) -> Reader:
        """The reader of rows that were just written, by what clients know them by."""
        return self._by_lookup(self.written_reader)

    def _by_lookup(self, reader: Reader) -> Reader:
        if not self.lookup:
            return reader
        return Reader(self.model, reader.node.schema, reader.search, reader.version, self.lookup)

    @cached_property
    def written_reader(self) -> Reader:
        """The reader of rows that were just written."""
        if self.written is None:
            return self.reader
        return Reader(self.model, self.written, Search(), self.reader.version)

    @cached_property
    def grammar(self) -> Grammar:
        """The parameters that the list takes."""
        node = self.list_reader.node
        aliases = {name: path.replace(".", "__") for name, path in node.paths() if "." not in name and name != path}
        terms: dict[str, Term] = dict(ordering_terms(self.model, self.ordering, aliases))
        if isinstance(self.reader.search, FullTextSearch) and self.reader.search.declared.ranked:
            terms["rank"] = Term(cast("ColumnPath", self.reader.search.rank()))
        return Grammar(
            list_name=self.collection,
            filters=filter_parameters(self.model, self.filters, aliases),
            terms=terms,
            default_ordering=self.default_ordering,
            is_searchable=bool(self.reader.search.paths),
            fields=dict(node.paths()),
            expandable=frozenset(node.on_demand()),
            default_limit=self.default_limit,
            maximum_limit=self.maximum_limit,
            counts=self.envelope.counts,
        )

    @cached_property
    def item_grammar(self) -> Grammar:
        """The parameters that the read of one row takes."""
        if self.listed is None:
            return self.grammar
        node = self.reader.node
        return replace(self.grammar, fields=dict(node.paths()), expandable=frozenset(node.on_demand()))

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
        """Return what `viewer` may see of the rows for which `where` holds.

        Raises PermissionDeniedError if that is none at all, and NotAuthenticatedError of somebody unknown.
        """
        if where is None:
            return self._remembered(SEE, viewer, partial(self._seen_by, viewer))
        return self._seen_by(viewer, where)

    def visibility_of(self, recognized: Recognized[Viewer | None]) -> Visibility:
        """Return what somebody may see whom the policy has recognized. Raises as `visibility` does."""
        return self._remembered_of(SEE, recognized, self._seen_by)

    def lock_visibility(self, viewer: Viewer | None, action: str) -> Visibility:
        """Return the rows that a viewer may know of, with the question whether they may do `action`. Raises as above.

        Of fields and related rows the policy is not asked.
        """
        return self._remembered(f"lock to {action}", viewer, partial(self._lockable_by, viewer, action))

    def written_visibility(self, viewer: Viewer | None, action: str) -> Visibility:
        """Return what a viewer may see of rows to which they just did `action`, with the question whether they may.

        Raises PermissionDeniedError if they may do it to no row.
        """
        return self._remembered(f"answer {action}", viewer, partial(self._written_by, viewer, action))

    def change_visibility(self, recognized: Recognized[Viewer], action: str) -> Visibility:
        """Return what somebody may see, as `visibility_of` does, with the question whether they may do `action`.

        All that a write asks of a row is made of it (`to_lock`, `once_written`), so that the policy is asked once.
        Raises PermissionDeniedError as `visibility` does, but not if they may do it to no row.
        """
        return self._remembered_of(f"see and {action}", recognized, partial(self._changeable_by, action))

    def refusal(self, viewer: Viewer | None, action: str) -> DovetailError:
        """Return the error for somebody who may not do `action`."""
        if viewer is None and self.policy.reader is not Policy.reader:
            return NotAuthenticatedError()
        return PermissionDeniedError(self.policy.explain(viewer, action))

    def check_fields(self, viewer: Viewer | None, data: BaseModel) -> None:
        """Raise PermissionDeniedError if a body names a field that the viewer may not write."""
        found = sorted(self.policy.read_only(viewer) & data.model_fields_set)
        if found:
            errors = [
                FieldError(pointer=f"/{one}", detail="You may not write this.", type="read_only") for one in found
            ]
            raise PermissionDeniedError(f"You may not write {', '.join(found)}; leave it out.", errors=errors)

    def kept_fields(self, viewer: Viewer | None) -> frozenset[str]:
        """Return the fields that stay as they are unless a body names them: those the viewer cannot read or write."""
        return self.policy.read_only(viewer) | self.policy.hidden(viewer)

    def version_for(self, viewer: Viewer | None) -> tuple[str, ...]:
        """Return the attributes whose values make the version that the viewer was told."""
        return self.reader.version_within(self.access.hidden(None if self._reads_as_nobody else viewer))

    def version_in(self, visibility: Visibility) -> tuple[str, ...]:
        """Return the same of the viewer whose visibility this is."""
        return self.reader.version_within(self.access.hidden(None) if self._reads_as_nobody else visibility.hidden)

    @cached_property
    def _reads_as_nobody(self) -> bool:
        return self.policy.reader is Policy.reader

    @cached_property
    def finders(self) -> Mapping[str, FindLinks]:
        """The functions that find or make the rows that fields name."""
        return {
            name: named_rows(find).find_or_make if isinstance(find, InstrumentedAttribute) else find
            for name, find in self.links.items()
        }

    @cached_property
    def access(self) -> Access[Model, Viewer, Create]:
        """The policy, with those of the models that the resource leads to."""
        nodes = self.reader.node, self.list_reader.node, self.written_reader.node
        grammar = self.grammar
        paths: list[object] = [one.path for one in grammar.filters.values()]
        paths += [*(one.path for one in grammar.terms.values()), *self.reader.search.paths]
        return Access(self.policy, targets(nodes, paths), field_names(nodes, paths))

    def _seen_by(self, viewer: Viewer | None, where: ColumnElement[bool] | None = None) -> Visibility:
        rows = self._rows(viewer)
        related, hidden = self.access.related(viewer), self.access.hidden(viewer)
        narrowed = rows if where is None else and_(rows, where)
        return Visibility(narrowed, related, hidden, self._templates, None, self.expressions(viewer))

    def _lockable_by(self, viewer: Viewer | None, action: str) -> Visibility:
        return Visibility(self._rows(viewer), {}, frozenset(), self._templates, self._check(viewer, action))

    def _written_by(self, viewer: Viewer | None, action: str) -> Visibility:
        check = self._check(viewer, action)
        if check is not None and is_never(check):
            raise self.refusal(viewer, action)
        related, hidden = self.access.related(viewer), self.access.hidden(viewer)
        return Visibility(true(), related, hidden, self._templates, check, self.expressions(viewer))

    def _changeable_by(self, action: str, viewer: Viewer | None) -> Visibility:
        related, hidden = self.access.related(viewer), self.access.hidden(viewer)
        rows, check = self._rows(viewer), self._check(viewer, action)
        return Visibility(rows, related, hidden, self._templates, check, self.expressions(viewer))

    def expressions(self, viewer: Viewer | None) -> dict[Build, ColumnElement[object]]:
        """Return what the functions of fields give for a viewer."""
        return {build: build(viewer) for build in self.builds}

    @cached_property
    def builds(self) -> tuple[Build, ...]:
        """The functions that give fields of answers in SQL, each once."""
        readers = self.reader, self.list_reader, self.written_reader
        return tuple(dict.fromkeys(build for reader in readers for build in reader.node.expressions()))

    def _rows(self, viewer: Viewer | None) -> ColumnElement[bool]:
        rows = self.policy.where(viewer, VIEW)
        if is_never(rows):
            raise self.refusal(viewer, VIEW)
        return rows

    def _check(self, viewer: Viewer | None, action: str) -> ColumnElement[bool] | None:
        condition = self.policy.where(viewer, action)
        return None if is_always(condition) else condition

    def _remembered_of(
        self,
        what: str,
        recognized: Recognized[Viewer | None],
        make: Callable[[Viewer | None], Visibility],
    ) -> Visibility:
        """Return the same as `_remembered`, and make no viewer of somebody of whom it is remembered."""
        values = recognized.values
        if values is None or not self._remembers_viewers:
            viewer = recognized.viewer
            return self._remembered(what, viewer, partial(make, viewer))
        return self._kept(what, values, lambda: make(recognized.viewer))

    def _remembered(self, what: str, viewer: Viewer | None, make: Callable[[], Visibility]) -> Visibility:
        """Return what `make` makes, or what it made of a viewer with the same values."""
        if viewer is None:
            is_remembered = self.policy.remembers_anonymous and self._remembers_anonymous
            return self._kept(what, None, make) if is_remembered else make()
        values = self.policy.viewer_values(viewer) if self._remembers_viewers else None
        return make() if values is None else self._kept(what, values, make)

    def _kept(self, what: str, values: Hashable, make: Callable[[], Visibility]) -> Visibility:
        kept = self._seen.get(what)
        if kept is None:
            kept = self._seen[what] = Cache(MAXIMUM_VIEWERS)
        found: Visibility | None = kept.get(values)
        if found is None:
            found = kept[values] = make()
        return found

    @cached_property
    def _remembers_viewers(self) -> bool:
        """True if all policies promise that what a viewer may see hangs on the viewer's values alone."""
        return all(map(remembers_viewers, self.access.policies.values()))

    @cached_property
    def _remembers_anonymous(self) -> bool:
        """True if the policies of related models promise that what somebody unknown may see never changes."""
        return all(one.remembers_anonymous for one in self.access.policies.values())

    @cached_property
    def _seen(self) -> dict[str, Cache]:
        """The visibilities of viewers, by what they do and by their values."""
        return {}  # as many as there are actions

    @cached_property
    def _templates(self) -> Cache:
        """Visibilities that differ in more than values, by their cache keys."""
        return Cache()

    @cached_property
    def _key_type(self) -> object:
        return python_type(getattr(self.model, self.key).type)

    @cached_property
    def is_numbered(self) -> bool:
        """True if the primary key is a whole number."""
        return isinstance(getattr(self.model, self.key).type, Integer)
