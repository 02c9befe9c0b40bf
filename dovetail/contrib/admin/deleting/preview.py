"""Preview a deletion: find its effects by a few statements, however many tables and rows there are.

Objects that are deleted by cascade, lose a reference or prevent the deletion are counted up to the view's `count_limit`
and named up to NAMED, if the user may view them. Deleting by cascade requires the permission to delete those
objects, if a view shows them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    exists,
    func,
    inspect,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)
from starlette.requests import Request

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.identifiers import identifier_of, primary_keys
from dovetail.contrib.admin.deleting.groups import UNSEEN, DeletedObjects, Line, NamedObject, ObjectGroup, UndoLimits
from dovetail.contrib.admin.deleting.reachable import KEYS, AffectedRows, Effects, is_not, keys_of, reachable_from
from dovetail.contrib.admin.lists.relations import loading_named
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import EVERYTHING, NOTHING
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.change_log import CHANGE_LOG
from dovetail.database.deletion.conditions import rows_with
from dovetail.database.deletion.reach import Group
from dovetail.database.deletion.references import Effect
from dovetail.translation.texts import gettext, gettext_lazy, in_sentence
from dovetail.translation.words import class_in_words

NAMED = 10  # objects of a group
UNSEEN_KINDS = gettext_lazy("objects that you may not see")
MOST_KINDS = 100  # that one statement counts: SQLite combines at most 500 SELECTs
MOST_KEYS = 2_000  # times kinds: each of them has the keys a few times, and a statement takes 32,766 values


@dataclass
class FoundEffects:
    """The effects that were found so far."""

    lines: list[Line] = field(default_factory=list)
    counts: dict[str, str | int] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    protected: list[Line] = field(default_factory=list)
    is_unseen: bool = False
    secret: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)


class Deletion:
    """Finds the effects of deleting objects of a view: given ones, or all that a statement selects."""

    def __init__(self, view: ChangeListView, request: Request, objs: "Sequence[object] | AnySelect") -> None:
        self._view, self._request, self._objs = view, request, objs
        self._session, self._rights = request_context().session, rights_of(request)
        self._reachable = reachable_from(view, request)
        self._values: Mapping[str, object] = {} if isinstance(objs, Select) else {KEYS: keys_of(objs)}

    async def find(self) -> DeletedObjects:
        """Return what the deletion would do."""
        found, effects = FoundEffects(), await self._effects()
        counted = await self._count(effects)
        self._note_limits(self._view.model, in_sentence(self._view.name_plural), found)
        for one, (total, seen) in zip(effects.reached, counted, strict=True):
            await self._tell(one, total, seen, found)
            if one.effect is Effect.DELETE and total and not one.is_linked:
                self._note_limits(one.model, self._plural(one.model) if seen else str(UNSEEN_KINDS), found)
        if found.is_unseen:
            found.lines.append(UNSEEN)
        count: int | str = len(self._objs) if isinstance(self._objs, Sequence) else ""
        own = {} if count == "" else {in_sentence(self._view.name_plural): count}
        limits = UndoLimits(list(dict.fromkeys(found.secret)), list(dict.fromkeys(found.unrecorded)))
        return DeletedObjects(found.lines, {**own, **found.counts}, found.needed, found.protected, limits)

    async def lock(self) -> None:
        """Lock the rows, so that nobody can add rows that the deletion would affect.

        On PostgreSQL, no new row can refer to a locked one; SQLite has one writer at a time.
        """
        if self._session.get_bind().dialect.name != "postgresql":
            return
        references, root = self._reachable.reach.references, self._reachable.root
        for rows, condition in (await self._effects()).gone.items():
            if rows != root and references[rows]:
                locked = select(literal(1)).select_from(rows.table).where(condition).with_for_update(of=rows.table)
                await self._session.execute(select(func.count()).select_from(locked.subquery()), self._values)

    async def _effects(self) -> Effects:
        """Return what goes, as conditions; circles are followed only where something outside hangs on them."""
        circles = self._reachable.reach.circles
        if not circles or not await self._is_beyond(circles, circles):
            return self._effects_without(circles)
        flat: list[Group] = []
        for group in circles:
            if not await self._is_beyond([group], [*flat, group]):
                flat.append(group)
        return self._effects_without(flat)

    async def _is_beyond(self, groups: Sequence[Group], flat: Sequence[Group]) -> bool:
        """Return whether rows of some circles go only because others of their circle do, with those in `flat`."""
        effects = self._effects_without(flat)

        def statement() -> Select[bool]:
            found = [one for group in groups for one in self._reachable.reach.beyond(group, effects.gone)]
            return select(or_(*(exists(select(1).select_from(rows.table).where(told)) for rows, told in found)))

        return bool(await self._session.scalar(effects.kept(("beyond", *groups), statement), self._values))

    def _effects_without(self, flat: Sequence[Group]) -> Effects:
        if isinstance(self._objs, Select):
            return self._reachable.of_selected(self._view.model, self._objs, flat)
        return self._reachable.of_known(self._view.model, flat)

    async def _count(self, effects: Effects) -> list[tuple[int, int]]:
        """Return how many objects of each kind there are, up to a limit, and how many of them may be seen."""
        found: dict[int, tuple[int, int]] = {}
        number = len(self._objs) if isinstance(self._objs, Sequence) else 1
        at_once = min(MOST_KINDS, max(1, MOST_KEYS // max(number, 1)))
        visible = [self._rights.visible(one.model) for one in effects.reached]
        for start in range(0, len(visible), at_once):
            part = range(start, min(start + at_once, len(visible)))
            make = partial(self._counting, effects, part, visible)
            told = tuple(visible[n] is EVERYTHING for n in part)
            is_same = all(visible[n] is EVERYTHING or visible[n] is NOTHING for n in part)
            statement = effects.kept(("counts", part, told, self._view.count_limit), make) if is_same else make()
            rows = await self._session.execute(statement, self._values)
            found |= {n: (total, seen) for n, total, seen in rows}
        return [found[n] for n in range(len(visible))]

    def _counting(
        self, effects: Effects, part: Sequence[int], visible: Sequence[ColumnElement[bool]]
    ) -> Select[int, int, int]:
        counts = [self._counted(n, effects.reached[n], visible[n]) for n in part]
        return select(*union_all(*counts).subquery().c)

    def _counted(self, number: int, one: AffectedRows, visible: ColumnElement[bool]) -> Select[int, int, int]:
        """Return the SELECT of the number of a kind, and of how many there are, and may be seen."""
        limit = 1 if visible is NOTHING else self._view.count_limit + 1
        is_seen: ColumnElement[int | None] = literal_column("1") if visible is EVERYTHING else case((visible, 1))
        found = select(is_seen.label("seen")).select_from(one.model).where(one.condition).limit(limit).subquery()
        return select(
            literal_column(str(number), Integer).label("number"),
            func.count().label("total"),
            func.count(found.c.seen).label("seen"),
        ).select_from(found)

    async def _tell(self, one: AffectedRows, total: int, seen: int, found: FoundEffects) -> None:
        kind = name = self._plural(one.model)
        if one.is_linked and one.effect is not Effect.BLOCK:
            name = gettext("links to %(kind)s") % {"kind": kind}
        elif one.effect is Effect.DELETE:
            await self._check_rights(one, name, total, found)
        group, has_unseen = await self._group(one, name, total, seen)
        if group.count and one.effect is Effect.DELETE:
            found.counts[group.name] = group.number if group.is_more else group.count
        if one.effect is Effect.BLOCK:
            found.protected += [group] if group.count else []
            found.protected += [UNSEEN] if has_unseen and UNSEEN not in found.protected else []
            return
        found.lines += [group] if group.count else []
        found.is_unseen = found.is_unseen or (has_unseen and one.effect is Effect.DELETE)

    def _note_limits(self, model: type[object], name: str, found: FoundEffects) -> None:
        """Note whether the history has all that is needed to bring objects of a model back."""
        log = CHANGE_LOG.find(self._session.info)
        if log is None:
            return
        tables = inspect(model).tables
        if any(log.redacted(table) for table in tables):
            found.secret.append(name)
        elif not all(log.columns(table) for table in tables):
            found.unrecorded.append(name)

    async def _check_rights(self, one: AffectedRows, name: str, total: int, found: FoundEffects) -> None:
        """Note what goes along and may not be deleted by the user; a model without a view has no rights of its own."""
        views = self._rights.views_of(one.model)
        allowed = self._rights.rules.where(one.model, "delete")
        is_let = any(view.has_delete_permission(self._request) for view in views)
        if not total or not views or (is_let and allowed is EVERYTHING):
            return
        if not is_let or allowed is NOTHING:
            found.needed.add(name)
            return
        kept = AffectedRows(one.model, Effect.BLOCK, and_(one.condition, is_not(allowed)))
        counting = self._counted(0, kept, self._rights.visible(one.model))
        _, total, seen = (await self._session.execute(counting, self._values)).one()
        group, has_unseen = await self._group(kept, name, total, seen)
        found.protected += [group] if group.count else []
        if has_unseen:
            found.needed.add(name)

    async def _group(self, one: AffectedRows, name: str, total: int, seen: int) -> tuple[ObjectGroup, bool]:
        """Return the objects of a kind, the first of them by name, and whether some of them may not be seen."""
        rows, limit = await self._first(one) if seen else [], self._view.count_limit
        group = ObjectGroup(
            name=name,
            effect=one.effect,
            count=min(seen, limit),
            is_more=seen > limit,
            objects=[self._named(row) for row in rows],
            is_bookkeeping=getattr(one.model, "__history__", True) is False and one.effect is not Effect.BLOCK,
        )
        return group, total > seen

    async def _first(self, one: AffectedRows) -> Sequence[object]:
        """Return the newest objects, as far as keys tell, of those that a limited look finds."""
        model, keys = one.model, primary_keys(one.model)
        found = select(*keys).select_from(model).where(one.condition, self._rights.visible(model))
        chosen = rows_with(keys, select(*found.limit(self._view.count_limit + 1).subquery().c))
        statement = select(model).where(chosen).order_by(*(key.desc() for key in keys)).limit(NAMED)
        statement = statement.options(*loading_named(model, self._request))
        rows = (await self._session.scalars(statement, self._values)).unique(id).all()
        await self._rights.rules.load(self._session, model, ["change"], rows)
        return rows

    def _named(self, obj: object) -> NamedObject:
        return NamedObject(self._view.short_title_of(obj), identifier_of(obj), self._view.link_to(self._request, obj))

    def _plural(self, model: type[object]) -> str:
        views = self._rights.views_of(model)
        return in_sentence(views[0].name_plural if views else f"{class_in_words(model.__name__)}s")
