"""Make the SELECTs of a resource: pages and counts, by the request, the visibility and the database."""

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy import Dialect, Select
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from dovetail.errors import ConfigurationError
from dovetail.resources.query.ordering import Terms
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ItemQuery
from dovetail.resources.query.where import PageRequest
from dovetail.resources.read.etags import version_within
from dovetail.resources.read.page_select import count_select, is_selective, page_select
from dovetail.resources.sql import nodes
from dovetail.resources.sql.compilable import why_python
from dovetail.resources.sql.nested_select import Beside, NestedSelect, nested_select, nothing, page_columns
from dovetail.resources.sql.node_building import build, required_objects
from dovetail.resources.sql.nodes import Node
from dovetail.resources.sql.statements import Cache, PreparedStatement, prepare
from dovetail.resources.visibility import Visibility


class Planner:
    """Makes the SELECTs that read `schema` from rows of `model`.

    `version` names the attributes whose values change with every write.
    """

    def __init__(self, model: type[object], schema: type[BaseModel], search: Search, version: Sequence[str]) -> None:
        self.model = model
        self.node = build(model, schema)
        self.search = search
        self.version = tuple(version)
        self._nodes = Cache()
        self._plans = Cache()

    def why_python(self, dialect: Dialect) -> str | None:
        """Return the reason why a read needs the ORM and pydantic; None if it is compiled."""
        return self._why(ItemQuery(expand=frozenset(self.node.on_demand())), frozenset(), dialect)

    def is_compiled(self, query: ItemQuery, visibility: Visibility, dialect: Dialect) -> bool:
        """Return True if this read is compiled."""
        return visibility.is_cacheable and self._why(query, visibility.hidden, dialect) is None

    def count_plan(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> PreparedStatement | None:
        """Return the compiled count of a list; None if it cannot be compiled."""
        if not visibility.is_cacheable:
            return None
        key = ("count", dialect.name, request.cache_key, request.query.count, visibility.cache_key)

        def compiled() -> PreparedStatement | None:
            statement = count_select(self.model, request, visibility, self.search, dialect)
            return prepare(statement, dialect, visibility.binds)

        return self._plans.remember(key, compiled)

    def version_within(self, hidden: frozenset[str]) -> tuple[str, ...]:
        """Return the attributes that make up the version for a viewer from whom fields are hidden.

        The tag must not depend on hidden values: a viewer could guess them until the tag matches.
        """
        return self._nodes.remember(("version", hidden), lambda: version_within(self.model, self.version, hidden))

    def node_for(self, visibility: Visibility, dialect: Dialect) -> Node | None:
        """Return the fields of a read without query parameters, for this visibility; None if it needs the ORM."""
        query = ItemQuery()
        return self._selected(query, visibility.hidden) if self.is_compiled(query, visibility, dialect) else None

    def nested_select(
        self,
        node: Node,
        page: Select[object] | ReturningInsert[object] | ReturningUpdate[object],
        visibility: Visibility,
        dialect: Dialect,
        *,
        terms: Terms = (),
        beside: Beside = nothing,
        is_list: bool = False,
        is_selective: bool = False,
    ) -> NestedSelect:
        """Return the SELECT of `node` for the rows of `page`, which may be an INSERT or UPDATE on PostgreSQL."""
        version = self.version_within(visibility.hidden)
        return nested_select(
            node,
            page,
            terms=terms,
            extra=version,
            related=visibility.related,
            expressions=visibility.expressions,
            dialect=dialect,
            beside=beside,
            is_list=is_list,
            is_selective=is_selective,
        )

    def _selected(self, query: ItemQuery, hidden: frozenset[str]) -> Node:
        key = ("node", query.fields, query.expand, hidden)
        return self._nodes.remember(key, lambda: nodes.select_fields(self.node, query.fields, query.expand, hidden))

    def _why(self, query: ItemQuery, hidden: frozenset[str], dialect: Dialect) -> str | None:
        key = ("why", query.fields, query.expand, hidden, dialect.name)
        return self._nodes.remember(key, lambda: why_python(self._selected(query, hidden), dialect))

    def _page(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> NestedSelect:
        node = self._selected(request.query, visibility.hidden)
        refuse_impossible(node, visibility)
        columns = page_columns(node, self.version_within(visibility.hidden), visibility.check)
        page = page_select(self.model, columns, request, visibility, self.search, dialect=dialect)
        return self.nested_select(
            node,
            page,
            visibility,
            dialect,
            terms=request.terms,
            is_list=request.query.limit > 1,
            is_selective=is_selective(request, visibility, self.search),
        )


def refuse_impossible(node: Node, visibility: Visibility) -> None:
    """Raise ConfigurationError if the policy may hide an object that the schema requires."""
    for path, field, _ in required_objects(node):
        if path in visibility.related:
            raise ConfigurationError(f"the policy may hide {path!r}, so {field} has to allow null")
