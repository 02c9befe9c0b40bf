"""Compile the reads of a resource: pages and counts, by the request, the visibility and the database."""

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy import Dialect, Select
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from dovetail.database.presumed import Presumed
from dovetail.errors import ConfigurationError
from dovetail.resources.query.ordering import Terms
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ItemQuery
from dovetail.resources.query.where import PageRequest
from dovetail.resources.read.etags import value_reader, version_within
from dovetail.resources.read.page_select import count_select, is_selective, page_select
from dovetail.resources.read.plans import Cache, Plan
from dovetail.resources.sql import nodes
from dovetail.resources.sql.compilable import why_python
from dovetail.resources.sql.json_values import result_processor, sent_moment
from dovetail.resources.sql.nested_select import Beside, NestedSelect, nested_select, nothing, page_columns
from dovetail.resources.sql.node_building import build, required_objects
from dovetail.resources.sql.nodes import Node
from dovetail.resources.sql.presumed import also_confirming, share_names
from dovetail.resources.sql.statements import PreparedStatement, prepare
from dovetail.resources.visibility import Visibility


class Planner:
    """Compiles reads of `schema` from rows of `model`, each once, and keeps them.

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

    def plan(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> Plan | None:
        """Return the compiled read of a page; None if it needs the ORM."""
        if not self.is_compiled(request.query, visibility, dialect):
            return None
        query = request.query
        key = ("page", dialect.name, request.cache_key, query.fields, query.expand, visibility.cache_key)
        return self._plans.remember(key, lambda: self._compile(request, visibility, dialect))

    def count_plan(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> PreparedStatement | None:
        """Return the compiled count of a list; None if it cannot be compiled."""
        if not visibility.is_cacheable:
            return None
        key = ("count", dialect.name, request.cache_key, request.query.count, visibility.cache_key)

        def compiled() -> PreparedStatement | None:
            statement = count_select(self.model, request, visibility, self.search, dialect)
            return prepare(statement, dialect, visibility.binds)

        return self._plans.remember(key, compiled)

    def confirming_plan(
        self, plan: Plan, presumed: Presumed, request: PageRequest, visibility: Visibility, dialect: Dialect
    ) -> Plan | None:
        """Return the `plan` of a page with a statement that also confirms the user; None if none can be compiled."""
        known, by_whom = plan.confirming, presumed.statement
        if by_whom not in known:
            select = self._page(request, visibility, dialect)
            statement = also_confirming(presumed, select.statement, dialect)
            is_clear = not share_names(presumed, visibility.binds)
            prepared = prepare(statement, dialect, visibility.binds) if is_clear else None
            known[by_whom] = self.plan_of(select, prepared, visibility, dialect, request.terms)
        return known[by_whom]

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

    def plan_of(
        self,
        select: NestedSelect,
        prepared: PreparedStatement | None,
        visibility: Visibility,
        dialect: Dialect,
        terms: Terms = (),
    ) -> Plan | None:
        """Return the plan that runs `prepared`, which is `select` compiled; None if `prepared` is None."""
        if prepared is None:
            return None
        steps = [result_processor(term.path.type, dialect) for term in terms]
        version = self.version_within(visibility.hidden)
        steps += [value_reader(getattr(self.model, key).type, dialect) for key in version]
        steps = [sent_moment if at in select.sent else step for at, step in zip(select.behind, steps, strict=True)]
        places = tuple(zip(select.behind, steps, strict=True))
        return Plan(prepared, select.make_items, places[: len(terms)], places[len(terms) :], select.allowed)

    def _selected(self, query: ItemQuery, hidden: frozenset[str]) -> Node:
        key = ("node", query.fields, query.expand, hidden)
        return self._nodes.remember(key, lambda: nodes.select_fields(self.node, query.fields, query.expand, hidden))

    def _why(self, query: ItemQuery, hidden: frozenset[str], dialect: Dialect) -> str | None:
        key = ("why", query.fields, query.expand, hidden, dialect.name)
        return self._nodes.remember(key, lambda: why_python(self._selected(query, hidden), dialect))

    def _compile(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> Plan | None:
        select = self._page(request, visibility, dialect)
        prepared = prepare(select.statement, dialect, visibility.binds)
        return self.plan_of(select, prepared, visibility, dialect, request.terms)

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
