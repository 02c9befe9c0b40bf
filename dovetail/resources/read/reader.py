"""Read rows of a resource by compiled statements, or by the ORM and pydantic where a schema needs Python.

Both return the same page; `Reader.why_python` says which of them a read uses, and why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from pydantic import BaseModel
from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.prepared_reads import DriverConnection, PoolSource, ReadSource, session_of
from dovetail.database.presumed import Presumable, Presumed
from dovetail.resources.query.filters import FilterParameter
from dovetail.resources.query.keys import key_names, keys_parameter
from dovetail.resources.query.ordering import Terms, complete
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import ItemQuery, ListQuery
from dovetail.resources.query.where import PageRequest
from dovetail.resources.read.etags import value_reader
from dovetail.resources.read.orm_rows import dumped, expression_values, load_what_was_reset
from dovetail.resources.read.page_select import count_select, page_select
from dovetail.resources.read.planner import Planner, refuse_impossible
from dovetail.resources.read.reads_together import ReadTogether, read_together
from dovetail.resources.sql import nodes
from dovetail.resources.sql.json_values import result_processor, sent_moment
from dovetail.resources.sql.nested_select import MakeItems, NestedSelect, allowed_column
from dovetail.resources.sql.presumed import also_confirming, confirming, share_names
from dovetail.resources.sql.statements import Cache, PreparedStatement, confirmed_by, prepare
from dovetail.resources.visibility import Visibility

ALL_FIELDS = ItemQuery()
KEY = "filter_0_0"  # the placeholder of the key in a read of one row
Place = tuple[int, Callable[[object], object] | None]  # the position of a value in a row, and its converter


@dataclass(frozen=True)
class Batch:
    """Rows for a response: an item for orjson of each, with its position in the order and its version."""

    items: list[object]
    rows: Sequence[Sequence[object]]  # the driver's row of each item
    order: Sequence[Place]  # the values that the rows are ordered by
    versions: Sequence[Place]  # the values that change with every write
    allowed: int | None = None  # the position in a row of the result of `Visibility.check`

    def refused(self) -> list[int]:
        """Return the numbers of the items that do not fulfil `Visibility.check`."""
        place = self.allowed
        return [] if place is None else [number for number, row in enumerate(self.rows) if not row[place]]

    def position(self, number: int) -> tuple[object, ...]:
        """Return the values that an item is ordered by."""
        return _values(self.rows[number], self.order)

    def version(self, number: int) -> tuple[object, ...]:
        """Return the values that change with every write of an item."""
        return _values(self.rows[number], self.versions)


@dataclass(frozen=True)
class Plan:
    """A compiled read."""

    prepared: PreparedStatement
    make_items: MakeItems
    order: tuple[Place, ...]  # as in `Batch`
    versions: tuple[Place, ...]
    allowed: int | None = None
    first: tuple[PreparedStatement, ...] = ()  # statements to run before it: the history line of a write on SQLite
    together: ReadTogether | None = None  # does the read together with those of other requests
    # The same read with `sql.presumed.also_confirming`, by the query of the user; None if it cannot be compiled.
    confirming: dict[Presumable, "Plan | None"] = field(default_factory=dict, compare=False)

    async def fetch(
        self, connection: DriverConnection, values: Mapping[str, object], viewer_values: Sequence[object]
    ) -> Batch:
        """Run the statement and return its rows: of a page, one row more than the page."""
        if self.first:
            return self.batch(await self.prepared.fetch_behind(connection, self.first, values, viewer_values))
        return self.batch(await self.prepared.fetch(connection, values, viewer_values))

    async def fetch_from(
        self, source: ReadSource, values: Mapping[str, object], viewer_values: Sequence[object]
    ) -> Sequence[Sequence[object]]:
        """Return the rows as the driver gave them, which may be from another request's statement."""
        if self.together is not None and isinstance(source, PoolSource) and (pool := source.shared_pool()) is not None:
            return await self.together.rows(source, pool, values, viewer_values)
        return await self.prepared.fetch(await source.connection(), values, viewer_values)

    def batch(self, rows: Sequence[Sequence[object]]) -> Batch:
        """Return the batch of the driver's rows."""
        return Batch(self.make_items(rows), rows, self.order, self.versions, self.allowed)


class Reader(Planner):
    """Reads `schema` from rows of `model`; `version` names the attributes whose values change with every write.

    `lookup` is the attribute by which `read_keys` finds rows, if that is not the primary key.
    """

    def __init__(
        self,
        model: type[object],
        schema: type[BaseModel],
        search: Search,
        version: Sequence[str],
        lookup: str = "",
    ) -> None:
        super().__init__(model, schema, search, version)
        self._lookup = lookup
        self._plans_of_one = Cache()  # plans for one row, by dialect and `Visibility.template`

    def plan(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> Plan | None:
        """Return the compiled read of a page; None if it needs the ORM."""
        if not self.is_compiled(request.query, visibility, dialect):
            return None
        query = request.query
        key = ("page", dialect.name, request.cache_key, query.fields, query.expand, visibility.cache_key)
        return self._plans.remember(key, lambda: self._compile(request, visibility, dialect))

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

    async def read(self, source: ReadSource, request: PageRequest, visibility: Visibility) -> Batch:
        """Return the rows of a page and one more.

        Raise NeedsSessionError if only the ORM can read them and the source has no session.
        """
        return await self.run(self.plan(request, visibility, source.dialect), source, request, visibility)

    async def run(
        self,
        plan: Plan | None,
        source: ReadSource,
        request: PageRequest,
        visibility: Visibility,
        parameters: Mapping[str, object] | None = None,
    ) -> Batch:
        """Do as `read` does with a `plan` from `self.plan`; `parameters` are `request.parameters()`, if known.

        Raise UnconfirmedError if a user is presumed who has changed.
        """
        presuming = source if isinstance(source, PoolSource) and source.presumed is not None else None
        if plan is not None:
            known = request.parameters() if parameters is None else parameters
            if presuming is not None:
                return await self._run_confirming(plan, presuming, request, visibility, known)
            return plan.batch(await plan.fetch_from(source, known, visibility.bind_values))
        if presuming is not None:
            await presuming.ask()
        return await self.load(session_of(source), request, visibility)

    async def read_keys(
        self, source: ReadSource, keys: Sequence[object], visibility: Visibility, query: ItemQuery = ALL_FIELDS
    ) -> Batch:
        """Return the rows with these keys. Raise NeedsSessionError as `read` does."""
        # Most reads are of this kind, and finding the plan by the whole request would take ten times as long.
        is_plain = query is ALL_FIELDS and len(keys) == 1 and visibility.template is not None
        if is_plain and isinstance(source, PoolSource) and source.presumed is not None:
            found = await self._read_confirming(source, source.presumed, keys[0], visibility)
            if found is not None:
                return found
        place = (source.dialect.name, visibility.template)
        plan: Plan | None = self._plans_of_one.get(place) if is_plain else None
        if plan is None:
            request = self._request_of(keys, query)
            plan = self.plan(request, visibility, source.dialect)
            if plan is None or not is_plain:
                return await self.run(plan, source, request, visibility)
            plan = self._plans_of_one[place] = _with_others(plan, source.dialect)
        return plan.batch(await plan.fetch_from(source, self._arguments(keys[0]), visibility.bind_values))

    async def _read_confirming(
        self, source: PoolSource, presumed: Presumed, key: object, visibility: Visibility
    ) -> Batch | None:
        """Return the row with this key by a statement that also confirms the presumed user.

        If none can be compiled, confirm the user and return None. Raise UnconfirmedError if the user has changed.
        """
        place = (source.dialect.name, visibility.template, presumed.statement)
        compiled = partial(self._compile_confirming, presumed, visibility, source.dialect)
        plan: Plan | None = self._plans_of_one.remember(place, compiled)
        if plan is None:
            await source.ask()
            return None
        values = {**presumed.values, **self._arguments(key)}
        rows = await plan.fetch_from(source, values, visibility.bind_values)
        width = len(presumed.row)
        source.confirm(presumed, rows[0][:width] if rows else None)
        return plan.batch([row[width + 1 :] for row in rows if row[width] is not None])

    async def _run_confirming(
        self,
        plan: Plan,
        source: PoolSource,
        request: PageRequest,
        visibility: Visibility,
        parameters: Mapping[str, object],
    ) -> Batch:
        """Return a page by a statement that also confirms the presumed user, or by two if it is empty.

        Raise UnconfirmedError if the user has changed.
        """
        presumed = source.presumed
        assert presumed is not None  # noqa: S101 - as `run` has seen
        confirming_plan = self.confirming_plan(plan, presumed, request, visibility, source.dialect)
        if confirming_plan is None:
            await source.ask()
            return await plan.fetch(await source.connection(), parameters, visibility.bind_values)
        values = {**parameters, **confirmed_by(presumed)}
        batch = await confirming_plan.fetch(await source.connection(), values, visibility.bind_values)
        if batch.rows:
            source.confirm(presumed, presumed.row if batch.rows[0][-1] else None)
        else:
            await source.ask()
        return batch

    async def load(self, session: AsyncSession, request: PageRequest, visibility: Visibility) -> Batch:
        """Return the rows of a page and one more by the ORM, each validated and serialized by pydantic."""
        full = self._selected(ItemQuery(expand=request.query.expand), frozenset())
        node = self._selected(request.query, visibility.hidden)
        refuse_impossible(node, visibility)
        await session.flush()
        dialect = session.get_bind().dialect
        columns = [self.model, *allowed_column(visibility.check)]
        statement = page_select(self.model, columns, request, visibility, self.search, dialect=dialect)
        options = nodes.loader_options(full, visibility.related)
        parameters = {**request.parameters(), **visibility.named_values}
        anew = {"populate_existing": True}
        rows = (await session.execute(statement.options(*options), parameters, execution_options=anew)).all()
        await load_what_was_reset(session, full, [row[0] for row in rows], options)
        computed = await expression_values(session, full, [row[0] for row in rows], visibility.expressions)
        include, version = node.include(), self.version_within(visibility.hidden)
        start = len(columns) - 1  # after the object come the result of the check, if any, order values and versions
        middle = start + len(request.terms)
        places = [(place, None) for place in range(middle + len(version))]
        return Batch(
            [dumped(row[0], full, include, computed) for row in rows],
            [(*row[1:], *(getattr(row[0], key) for key in version)) for row in rows],
            places[start:middle],
            places[middle:],
            0 if start else None,
        )

    async def count(self, source: ReadSource, request: PageRequest, visibility: Visibility) -> int:
        """Return the number of rows on all pages; CAP + 1 if the count is capped and there are more than CAP."""
        prepared = self.count_plan(request, visibility, source.dialect)
        if prepared is not None:
            rows = await prepared.fetch(await source.connection(), request.parameters(), visibility.bind_values)
            return int(rows[0][0])
        statement = count_select(self.model, request, visibility, self.search, source.dialect)
        parameters = {**request.parameters(), **visibility.named_values}
        return int((await session_of(source).execute(statement, parameters)).scalar_one())

    def _arguments(self, key: object) -> dict[str, object]:
        """Return the arguments of the statement that reads the row with this key."""
        if self._is_single:
            return {KEY: key}
        return {f"filter_0_{number}": value for number, value in enumerate(self._key_filter.arguments((key,)))}

    @cached_property
    def _is_single(self) -> bool:
        return bool(self._lookup) or len(key_names(self.model)) == 1

    @cached_property
    def _key_filter(self) -> FilterParameter:
        names = (self._lookup,) if self._lookup else key_names(self.model)
        return keys_parameter(self.model, names)

    @cached_property
    def _key_terms(self) -> Terms:
        return complete(self.model, ())

    def _compile(self, request: PageRequest, visibility: Visibility, dialect: Dialect) -> Plan | None:
        select = self._page(request, visibility, dialect)
        prepared = prepare(select.statement, dialect, visibility.binds)
        plan = self.plan_of(select, prepared, visibility, dialect, request.terms)
        return None if plan is None else replace(plan, together=ReadTogether(plan.prepared))

    def _compile_confirming(self, presumed: Presumed, visibility: Visibility, dialect: Dialect) -> Plan | None:
        nothing_known = None if self._is_single else (None,) * len(key_names(self.model))
        request = self._request_of((nothing_known,), ALL_FIELDS)
        if not self.is_compiled(request.query, visibility, dialect):
            return None
        select = self._page(request, visibility, dialect)
        prepared = prepare(confirming(presumed, select.statement, dialect), dialect, visibility.binds)
        plan = self.plan_of(select, prepared, visibility, dialect)
        return None if plan is None else _with_others(plan, dialect)

    def _request_of(self, keys: Sequence[object], query: ItemQuery) -> PageRequest:
        listed = ListQuery(
            filters=((self._key_filter, tuple(keys)),), limit=len(keys), fields=query.fields, expand=query.expand
        )
        return PageRequest(listed, self._key_terms if len(keys) > 1 else ())


def _with_others(plan: Plan, dialect: Dialect) -> Plan:
    return replace(plan, together=read_together(plan.prepared, dialect))


def _values(row: Sequence[object], places: Sequence[Place]) -> tuple[object, ...]:
    # Converted on demand: most lists need neither position nor version.
    return tuple([row[place] if step is None else step(row[place]) for place, step in places])
