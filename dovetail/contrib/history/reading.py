"""Read changes as the policies allow: only of objects that the user may view, without hidden fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper, make_transient

from dovetail.contrib.auth.models import User
from dovetail.contrib.history.keys import read_key, values_of_keys, written_key
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.objects import changes_of, linked_keys, relations_of
from dovetail.contrib.history.recording.recorded import Recorded, RecordedTable
from dovetail.errors import NotFoundError, quoted
from dovetail.resources.conditions import is_always
from dovetail.resources.policies.registered import Policies
from dovetail.resources.query.keys import among, key_from


@dataclass(frozen=True)
class ChangePage:
    """A page of an object's changes. `last` is the id of the last examined change, for the next page."""

    lines: Sequence[RecordedChange]
    last: int
    has_more: bool


@dataclass(frozen=True)
class Reader:
    """Reads changes for a user."""

    session: AsyncSession
    recorded: Recorded
    policies: Policies
    user: User

    async def changes(self, label: str, key: str, *, limit: int, before: int | None) -> ChangePage:
        """Return the changes of an object, latest first. Raise NotFoundError if the user may not view the object."""
        table = self.recorded.labelled(label)
        model = None if table is None else table.model
        if table is None or model is None:
            raise NotFoundError(f"No model is called {quoted(label)}, or its changes are not written down.")
        is_there = await self._may_view(table, model, key)
        if not is_there and not self.user.is_superuser:
            raise NotFoundError(f"There is no {label} {quoted(key)}.")
        statement = changes_of(
            self.recorded.labels_of(model),
            written_key(table.keys, key),
            with_gone=self.user.is_superuser,
            before=before,
        ).limit(limit + 1)
        rows = (await self.session.scalars(statement)).all()
        if not rows and not is_there:
            raise NotFoundError(f"There is no {label} {quoted(key)}.")
        linked = await self._linked(model, rows[:limit])
        hidden = self._hidden(model)
        shown = [one for row in rows[:limit] if (one := _shown(row, hidden, linked)) is not None]
        return ChangePage(shown, rows[limit - 1].id if len(rows) > limit else 0, len(rows) > limit)

    async def change(self, number: int) -> RecordedChange:
        """Return a change of the user's own or of an object they may view. Raise NotFoundError otherwise."""
        change = await self.session.get(RecordedChange, number)
        if change is not None and (
            self.user.is_superuser or change.actor_id == self.user.id or await self._may_know(change)
        ):
            return change
        raise NotFoundError(f"There is no change {number}.")

    async def _may_know(self, change: RecordedChange) -> bool:
        table = self.recorded.labelled(change.model)
        model = None if table is None else table.model
        if table is None or model is None:
            return False
        if is_always(self.policies.of(model).where(self.user, "view")):
            return True
        if not await self._may_view(table, model, change.object_key):
            return False
        own = changes_of([change.model], change.object_key, with_gone=False).where(RecordedChange.id == change.id)
        return (await self.session.scalars(own)).one_or_none() is not None

    async def _may_view(self, table: RecordedTable, model: type[object], key: str) -> bool:
        values = read_key(table.keys, key)
        if values is None:
            return False
        chosen = [column == value for column, value in zip(table.keys, values, strict=True)]
        visible = self.policies.of(model).where(self.user, "view")
        found = select(*table.keys).select_from(model).where(*chosen, visible).limit(1)
        return (await self.session.execute(found)).first() is not None

    def _hidden(self, model: type[object]) -> frozenset[str]:
        """Return the fields that the user may not read, including the key columns of hidden relations."""
        mapper: Mapper[object] = inspect(model)
        named = self.policies.of(model).hidden(self.user)
        behind = {
            mapper.get_property_by_column(column).key
            for name in named & frozenset(mapper.relationships.keys())
            for column in mapper.relationships[name].local_columns
            if not column.primary_key
        }
        return named | behind

    async def _linked(self, model: type[object], rows: Sequence[RecordedChange]) -> Mapping[str, frozenset[str]]:
        """Return, by relation, the keys of the linked objects in these changes that the user may see."""
        found: dict[str, frozenset[str]] = {}
        related = self.policies.of(model).related(self.user)
        for name, target in relations_of(model).items():
            keys = {key for row in rows for key in linked_keys(row, name)}
            visible = related.get(name)
            if visible is None:
                visible = self.policies.of(target).where(self.user, "view")
            found[name] = frozenset(keys if self.user.is_superuser else await self._visible(target, keys, visible))
        return found

    async def _visible(self, target: type[object], keys: set[str], visible: ColumnElement[bool]) -> set[str]:
        columns = inspect(target).primary_key
        values = values_of_keys(columns, keys)
        if not values:
            return set()
        chosen = among(columns, map(key_from, values.values()))
        statement = select(*columns).select_from(target).where(chosen, visible)
        found = {tuple(key) for key in await self.session.execute(statement)}
        return {key for key, value in values.items() if value in found}


def _shown(row: RecordedChange, hidden: frozenset[str], linked: Mapping[str, frozenset[str]]) -> RecordedChange | None:
    """Return a change without the fields the user may not read; None if nothing is left of it."""

    def readable(recorded: Mapping[str, object]) -> dict[str, object]:
        return {
            name: value
            for name, value in recorded.items()
            if name not in hidden and (name not in linked or str(value) in linked[name])
        }

    before, after = readable(row.before), readable(row.after)
    if not before and not after and (row.before or row.after):
        return None
    make_transient(row)  # detach it from the session, so that the reduced values are not written back
    row.before, row.after = before, after
    return row
