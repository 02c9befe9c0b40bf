"""The names, keys, schemas, readers and parameters that follow from the fields of a resource, each made once."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Annotated, cast

from fastapi import Path
from fastapi.params import Depends
from pydantic import TypeAdapter
from sqlalchemy import Integer, inspect
from sqlalchemy.orm import InstrumentedAttribute

from dovetail.api.schemas import BodyId, Id, KeyText
from dovetail.api.throttling.throttled import throttled
from dovetail.database.models import is_read_only
from dovetail.errors import ConfigurationError
from dovetail.resources.declaration.declared import (
    CLOSED,
    FROM_FIELDS,
    READS,
    Create,
    Declared,
    FindLinks,
    Model,
    Operation,
    Replace,
    Update,
    Viewer,
)
from dovetail.resources.policies.access import Access
from dovetail.resources.policies.closed import Closed
from dovetail.resources.query.comparable import python_type
from dovetail.resources.query.filters import filter_parameters
from dovetail.resources.query.keys import Names, key_names, several_type
from dovetail.resources.query.ordering import Term, ordering_terms
from dovetail.resources.query.paths import Path as ColumnPath
from dovetail.resources.query.search import FullTextSearch, Search, declared_search
from dovetail.resources.query.url import Grammar
from dovetail.resources.read.etags import version_attributes
from dovetail.resources.read.reader import Reader
from dovetail.resources.schemas.model_schemas import WORD, model_schemas
from dovetail.resources.schemas.nested_models import with_nested
from dovetail.resources.schemas.sources import Build
from dovetail.resources.sql.named_rows import named_rows
from dovetail.resources.targets import field_names, targets

BULK: tuple[Operation, ...] = ("bulk_create", "bulk_update", "bulk_delete", "bulk_replace")


class Derived(Declared[Model, Viewer, Create, Update, Replace]):
    """The fields of a resource, and what follows from them."""

    def _complete(self) -> None:
        """Fill in what the author left out: the schemas that are made of `fields`, and the closed policy."""
        if self.policy is CLOSED:
            object.__setattr__(self, "policy", Closed(self.model))
        if not self.fields:
            if self.read is FROM_FIELDS or self.read_only:
                raise ConfigurationError(f"{self.singular}: expected `fields`, of which schemas are made, or `read`")
            return
        made = model_schemas(self.model, self.fields, self.read_only, self._title)
        made = with_nested(made, self.model, self.fields, self.read_only, self.nested, self._title)
        if self.read is FROM_FIELDS:
            object.__setattr__(self, "read", made.read)
        if is_read_only(inspect(self.model).local_table):
            return
        for name, schema in (("create", made.create), ("update", made.update)):
            if getattr(self, name) is None and schema.model_fields:
                object.__setattr__(self, name, schema)

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
    def keys(self) -> Names:
        """The names of the attributes that are the primary key."""
        return key_names(self.model)

    @cached_property
    def key(self) -> str:
        """The name of the attribute that is the primary key; none if there are several."""
        return self.keys[0] if len(self.keys) == 1 else ""

    @cached_property
    def known_by(self) -> Names:
        """The names of the attributes by which clients know a row: the `lookup`, else the key."""
        return (self.lookup,) if self.lookup else self.keys

    @cached_property
    def key_type(self) -> object:
        """The type of what stands for a row in a path, with its limits."""
        if self.lookup:
            return Annotated[python_type(getattr(self.model, self.lookup).type), Path()]
        return Annotated[self.primary_key_type, Path()]

    @cached_property
    def key_adapter(self) -> TypeAdapter[Hashable]:
        """The adapter that reads a primary key as JSON holds it."""
        if not self.key:
            return TypeAdapter(cast("type[Hashable]", several_type(self.model, self.keys, in_url=False)))
        return TypeAdapter(cast("type[Hashable]", Id if self.is_numbered else self._key_type))

    @cached_property
    def taken_keys(self) -> frozenset[str]:
        """The texts that would mean something else where a row's `lookup` stands in a path."""
        bulk = any(self.has(operation) for operation in BULK)
        return frozenset(self.reserved) | ({"bulk"} if bulk else set())

    @cached_property
    def primary_key_type(self) -> object:
        """The type of the primary key in a URL."""
        if not self.key:
            return several_type(self.model, self.keys, in_url=True)
        return KeyText if self.is_numbered else self._key_type

    @cached_property
    def body_key_types(self) -> Mapping[str, object]:
        """The types of the attributes of the key in a body, where a number is written as a number."""
        if self.is_numbered:
            return {self.key: BodyId}
        return {name: python_type(getattr(self.model, name).type) for name in self.keys}

    @cached_property
    def known_types(self) -> Mapping[str, object]:
        """The types of the attributes by which clients know a row, in a body."""
        if self.lookup:
            return {self.lookup: python_type(getattr(self.model, self.lookup).type)}
        return self.body_key_types

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
        if operation not in READS and is_read_only(inspect(self.model).local_table):
            return False
        if operation == "bulk_delete" and self.requires_if_match:  # keys in a URL have no entity tags
            return False
        if operation == "bulk_replace" and not self.put_creates:
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
        return Access(self.policy, self.model, targets(nodes, paths), field_names(nodes, paths))

    @cached_property
    def builds(self) -> tuple[Build, ...]:
        """The functions that give fields of answers in SQL, each once."""
        readers = self.reader, self.list_reader, self.written_reader
        return tuple(dict.fromkeys(build for reader in readers for build in reader.node.expressions()))

    @cached_property
    def _title(self) -> str:
        """The name of one row as that of a class: `OrderLine`."""
        return self.name.title().replace("_", "") or self.model.__name__

    @cached_property
    def _key_type(self) -> object:
        return python_type(getattr(self.model, self.key).type)

    @cached_property
    def is_numbered(self) -> bool:
        """True if the primary key is a whole number."""
        return bool(self.key) and isinstance(getattr(self.model, self.key).type, Integer)
