"""Preview a deletion: find its effects by a few statements per table, however many rows there are.

Objects that are deleted by cascade, lose a reference or prevent the deletion are counted up to the view's `count_limit`
and named up to NAMED, as far as the user may see them. Deleting by cascade takes the permission to delete those
objects, if a view shows them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import ColumnElement, Select, Table, and_, case, exists, func, literal, or_, select, true
from sqlalchemy.orm import Mapper
from starlette.requests import Request

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.code_names import names_in_text_of
from dovetail.contrib.admin.columns.columns import paths_read
from dovetail.contrib.admin.columns.identifiers import have_identifiers, identifier_of, primary_keys
from dovetail.contrib.admin.deleting.groups import UNSEEN, DeletedObjects, Line, NamedObject, ObjectGroup
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import EVERYTHING, NOTHING
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.deletion.conditions import refer, rows_with
from dovetail.database.deletion.reach import Group, Reach
from dovetail.database.deletion.references import Effect, Pairs, Rows, by_objects
from dovetail.database.drivers.sqlalchemy_private_statements import kept_as_it_stands
from dovetail.translation.texts import gettext, in_sentence
from dovetail.translation.words import class_in_words

NAMED = 10  # objects of a group


@dataclass(frozen=True)
class Reached:
    """Rows of one table, what becomes of them, and, of a table of links, by which columns they were found."""

    table: Table
    effect: Effect
    condition: ColumnElement[bool]
    pairs: Pairs = ()


@dataclass
class Answer:
    """Holds what was found so far."""

    lines: list[Line] = field(default_factory=list)
    counts: dict[str, str | int] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    protected: list[Line] = field(default_factory=list)
    is_unseen: bool = False


class Deletion:
    """Finds the effects of deleting objects of a view: some that are known, or all that a statement selects."""

    def __init__(self, view: ChangeListView, request: Request, objs: "Sequence[object] | AnySelect") -> None:
        self._view, self._request, self._objs = view, request, objs
        self._session, self._rights = request_context().session, rights_of(request)
        self._gone: dict[Rows, ColumnElement[bool]] = {}
        self._root = Rows(_table_of(view.mapper.base_mapper), view.mapper)

    async def find(self) -> DeletedObjects:
        """Return what the deletion would do."""
        answer = Answer()
        await self._prepare()
        for one in self._reached():
            await self._tell(one, answer)
        if answer.is_unseen:
            answer.lines.append(UNSEEN)
        count: int | str = len(self._objs) if isinstance(self._objs, Sequence) else ""
        own = {} if count == "" else {in_sentence(self._view.name_plural): count}
        return DeletedObjects(answer.lines, {**own, **answer.counts}, answer.needed, answer.protected)

    async def lock(self) -> None:
        """Lock the rows, so that nobody can add rows that the deletion would affect.

        On PostgreSQL a row that is locked is referred to by no new one; SQLite has one writer at a time.
        """
        if self._session.get_bind().dialect.name != "postgresql":
            return
        await self._prepare()
        for rows, condition in self._gone.items():
            if rows != self._root and self._reach.references[rows]:
                locked = select(literal(1)).select_from(rows.table).where(condition).with_for_update(of=rows.table)
                await self._session.execute(select(func.count()).select_from(locked.subquery()))

    @cached_property
    def _reach(self) -> Reach:
        return Reach.of([self._root], by_objects)

    async def _prepare(self) -> None:
        """Find out what goes, as conditions; circles are followed only where something outside hangs on them."""
        flat: list[Group] = []
        for group in self._reach.circles:
            gone = self._reach.gone({self._root: self._chosen}, [*flat, group])
            beyond = [
                exists(select(1).select_from(one.table).where(told)) for one, told in self._reach.beyond(group, gone)
            ]
            if not await self._session.scalar(select(or_(*beyond))):
                flat.append(group)
        self._gone = self._reach.gone({self._root: self._chosen}, flat)

    @cached_property
    def _chosen(self) -> ColumnElement[bool]:
        model, keys = self._view.model, primary_keys(self._view.model)
        if isinstance(self._objs, Select):
            only_keys = self._objs.order_by(None).with_only_columns(*keys, maintain_column_froms=True)
            return rows_with(keys, kept_as_it_stands(only_keys.correlate(None)))
        return have_identifiers(model, map(identifier_of, self._objs))

    @cached_property
    def _mappers(self) -> dict[Table, Mapper[object]]:
        """The models of tables; of those that share one, the one that the others derive from."""
        found: dict[Table, Mapper[object]] = {}
        for mapper in self._view.mapper.registry.mappers:
            table = mapper.local_table
            if isinstance(table, Table) and not (mapper.inherits and mapper.inherits.local_table is table):
                found[table] = mapper
        return found

    def _reached(self) -> Iterator[Reached]:
        """Yield what goes along, what loses its reference and what stands in the way, by tables."""
        gone: dict[Table, list[ColumnElement[bool]]] = {}
        for rows, condition in self._gone.items():
            gone.setdefault(rows.table, []).append(condition)
        found: dict[tuple[Table, Effect], list[ColumnElement[bool]]] = {}
        pairs: dict[Table, Pairs] = {}
        for rows, references in self._reach.references.items():
            for one in references:
                pairs.setdefault(one.rows.table, one.pairs)
                if one.effect is not Effect.DELETE:
                    left = refer(one.pairs, self._gone[rows])
                    if one.rows.table in gone:
                        left = and_(left, _is_not(or_(*gone[one.rows.table])))
                    found.setdefault((one.rows.table, one.effect), []).append(left)
        for rows in self._gone.keys():  # noqa: SIM118 - an order, and not a mapping
            conditions = [] if rows.is_part else gone.pop(rows.table, [])
            if self._is_shown(rows, conditions):
                told = or_(*conditions)
                if rows.table is self._root.table:
                    told = and_(told, _is_not(self._chosen))
                yield Reached(rows.table, Effect.DELETE, told, pairs.get(rows.table, ()))
        for (table, effect), conditions in found.items():
            yield Reached(table, effect, or_(*conditions), pairs[table])

    def _is_shown(self, rows: Rows, conditions: Sequence[ColumnElement[bool]]) -> bool:
        """Return whether rows are objects that go along, and not chosen, nor parts that others have in a table."""
        if not conditions or (rows == self._root and len(conditions) == 1):
            return False
        mapper = self._mappers.get(rows.table)
        base = None if mapper is None or mapper.inherits is None else mapper.inherits.local_table
        return base is None or all(one.table is not base for one in self._gone)

    async def _tell(self, one: Reached, answer: Answer) -> None:
        mapper = self._mappers.get(one.table)
        name = None if mapper is None else self._plural(mapper.class_)
        if mapper is None:
            linked = _behind_links(one, self._mappers)
            if linked is None:
                return
            mapper, one = linked
            kind = self._plural(mapper.class_)
            name = kind if one.effect is Effect.BLOCK else gettext("links to %(kind)s") % {"kind": kind}
        elif one.effect is Effect.DELETE:
            await self._check_rights(mapper.class_, name or "", one.condition, answer)
        group, has_unseen = await self._group(mapper.class_, name or "", one.effect, one.condition)
        if group.count and one.effect is Effect.DELETE:
            answer.counts[group.name] = group.number if group.is_more else group.count
        if one.effect is Effect.BLOCK:
            answer.protected += [group] if group.count else []
            answer.protected += [UNSEEN] if has_unseen and UNSEEN not in answer.protected else []
            return
        answer.lines += [group] if group.count else []
        answer.is_unseen = answer.is_unseen or (has_unseen and one.effect is Effect.DELETE)

    async def _check_rights(
        self, model: type[object], name: str, condition: ColumnElement[bool], answer: Answer
    ) -> None:
        """Note what goes along and may not be deleted by the user; a model without a view has no rights of its own."""
        views = self._rights.views_of(model)
        allowed = self._rights.rules.where(model, "delete")
        is_let = any(view.has_delete_permission(self._request) for view in views)
        if not views or (is_let and allowed is EVERYTHING):
            return
        if not is_let or allowed is NOTHING:
            if await self._are_there(model, condition):
                answer.needed.add(name)
            return
        kept = and_(condition, _is_not(allowed))
        group, has_unseen = await self._group(model, name, Effect.BLOCK, kept)
        answer.protected += [group] if group.count else []
        if has_unseen:
            answer.needed.add(name)

    async def _group(
        self, model: type[object], name: str, effect: Effect, condition: ColumnElement[bool]
    ) -> tuple[ObjectGroup, bool]:
        """Return the objects of a model that fulfil a condition, and whether some of them may not be seen."""
        visible, limit = self._rights.visible(model), self._view.count_limit
        if visible is NOTHING:
            total, seen = int(await self._are_there(model, condition)), 0
        else:
            sees = literal(1) if visible is EVERYTHING else case((visible, 1))
            keys = primary_keys(model)
            found = select(*keys, sees.label("seen")).select_from(model).where(condition).limit(limit + 1).subquery()
            total, seen = (await self._session.execute(select(func.count(), func.count(found.c.seen)))).one()
        rows = await self._first(model, condition, visible) if seen else []
        group = ObjectGroup(
            name=name,
            effect=effect,
            count=min(seen, limit),
            is_more=seen > limit,
            objects=[self._named(row) for row in rows],
            is_bookkeeping=getattr(model, "__history__", True) is False and effect is not Effect.BLOCK,
        )
        return group, total > seen

    async def _are_there(self, model: type[object], condition: ColumnElement[bool]) -> bool:
        return bool(await self._session.scalar(select(exists(select(1).select_from(model).where(condition)))))

    async def _first(
        self, model: type[object], condition: ColumnElement[bool], visible: ColumnElement[bool]
    ) -> Sequence[object]:
        """Return the newest objects, as far as keys tell, of those that a limited look finds."""
        keys = primary_keys(model)
        found = select(*keys).select_from(model).where(condition, visible).limit(self._view.count_limit + 1)
        chosen = rows_with(keys, select(*found.subquery().c))
        statement = select(model).where(chosen).order_by(*(key.desc() for key in keys)).limit(NAMED)
        paths = paths_read(model, names_in_text_of(model))
        rows = (await self._session.scalars(statement.options(*loading(model, paths, self._rights)))).unique(id).all()
        await self._rights.rules.load(self._session, model, ["change"], rows)
        return rows

    def _named(self, obj: object) -> NamedObject:
        return NamedObject(self._view.short_title_of(obj), identifier_of(obj), self._view.link_to(self._request, obj))

    def _plural(self, model: type[object]) -> str:
        views = self._rights.views_of(model)
        return in_sentence(views[0].name_plural if views else f"{class_in_words(model.__name__)}s")


def _table_of(mapper: Mapper[object]) -> Table:
    table = mapper.local_table
    assert isinstance(table, Table)  # noqa: S101 - a view of another selectable has no rows to delete
    return table


def _is_not(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition.is_not(true())  # also where it is NULL, as of what refers to nothing


def _behind_links(one: Reached, mappers: dict[Table, Mapper[object]]) -> tuple[Mapper[object], Reached] | None:
    """Return the objects at the other end of links, of a table without a model."""
    used = {own for own, _ in one.pairs}
    for constraint in one.table.foreign_key_constraints:
        mapper = mappers.get(constraint.referred_table)
        if mapper is not None and used.isdisjoint(constraint.columns):
            pairs = [(key.column, key.parent) for key in constraint.elements]
            links = select(*(own for _, own in pairs)).where(one.condition).correlate(None)
            condition = rows_with([other for other, _ in pairs], links)
            return mapper, Reached(one.table, one.effect, condition)
    return None
