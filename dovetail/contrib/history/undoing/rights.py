"""Decide whether a user may undo changes: they need the permissions for making the opposite changes themselves."""

from abc import ABC, abstractmethod
from collections.abc import Hashable

from sqlalchemy import ColumnElement, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from dovetail.contrib.auth.models import Group, User
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.contrib.history.undoing.names import CodeNames, Names
from dovetail.contrib.history.undoing.sources import Source
from dovetail.contrib.history.undoing.steps import Kind, Step
from dovetail.errors import PermissionDeniedError
from dovetail.resources.conditions import is_never
from dovetail.resources.policies.registered import Policies
from dovetail.resources.query.keys import key_from
from dovetail.resources.write.own_tables.checks import refused_rows
from dovetail.resources.write.own_tables.earlier import keep_rows
from dovetail.resources.write.own_tables.reading import reads_own_tables
from dovetail.translation.texts import Translated, gettext

ACCOUNTS = (User, Group)  # their changes may grant permissions, which functions check (`permissions/managing.py`)
NAMED = Translated("%(name)s: %(why)s", "%(name)s: %(why)s")
ACTIONS = {Kind.INSERT: "add", Kind.UPDATE: "change", Kind.DELETE: "delete"}


class Authorizer(ABC):
    """Decides what a user may undo; subclasses define by which rules."""

    def __init__(self, user: User, names: Names) -> None:
        self._user = user
        self.names = names

    async def check_fields(self, step: Step) -> None:
        """Raise PermissionDeniedError unless the user may do this to some rows of the model, and write these fields."""
        model, action = model_of(step.table), action_of(step)
        if issubclass(model, ACCOUNTS) and not self._user.is_superuser:
            raise PermissionDeniedError(
                gettext("%(name)s: only a superuser may undo changes of accounts and groups.")
                % {"name": self._first(step)}
            )
        if is_never(self.condition(model, action)):
            raise self._refused(step)
        self.check_entry_point(step)
        if step.kind is Kind.DELETE and not step.table.is_link:
            return
        closed = self.closed(model)
        for name in step.names:
            if name in closed and not _has_only_defaults(step, name):
                raise PermissionDeniedError(
                    gettext("%(name)s: you may not write its %(name2)s.")
                    % {"name": self._first(step), "name2": self.names.field(step.table, name)}
                )

    async def check_rows(self, session: AsyncSession, step: Step, source: Source) -> None:
        """Raise PermissionDeniedError unless the user may do this to each of these rows as they are now."""
        model, action = model_of(step.table), action_of(step)
        keys = list(inspect(model).local_table.primary_key.columns)
        chosen = source.has(keys, step.table.keys)
        allowed = func.count().filter(self.condition(model, action))
        there, may = (await session.execute(select(func.count(), allowed).select_from(model).where(chosen))).one()
        if may < there:
            raise self._refused(step)

    async def keep_rows(self, session: AsyncSession, step: Step, source: Source) -> None:
        """Keep rows as they are before the step changes them, for `check_written`."""
        model = model_of(step.table)
        if action_of(step) == "change" and self._reads_own_tables(session, model, "change"):
            keys = await self._keys(session, step, source)
            await keep_rows(session, model, self.condition(model, "change"), keys)

    async def check_written(self, session: AsyncSession, step: Step, source: Source) -> None:
        """Check written rows as `check_rows` does, and that they are not allowed only because the undo writes rows."""
        await self.check_rows(session, step, source)
        model, action = model_of(step.table), action_of(step)
        if not self._reads_own_tables(session, model, action):
            return
        keys = await self._keys(session, step, source.again())
        if await refused_rows(session, model, action, self.condition(model, action), keys):
            raise self._refused(step)

    def _reads_own_tables(self, session: AsyncSession, model: type[object], action: str) -> bool:
        return reads_own_tables(self.condition(model, action), model, session.get_bind().dialect)

    async def _keys(self, session: AsyncSession, step: Step, source: Source) -> list[Hashable]:
        model = model_of(step.table)
        own, named = list(inspect(model).local_table.primary_key.columns), inspect(model).primary_key
        found = await session.execute(select(*named).select_from(model).where(source.has(own, step.table.keys)))
        return [key_from(row) for row in found]

    def _refused(self, step: Step) -> PermissionDeniedError:
        why = self.explain(model_of(step.table), action_of(step))
        return PermissionDeniedError(NAMED % {"name": self._first(step), "why": why})

    def _first(self, step: Step) -> str:
        return self.names.object_name(step.table, step.rows[0].text)

    @abstractmethod
    def condition(self, model: type[object], action: str) -> ColumnElement[bool]:
        """Return the condition on the rows on which the user may perform an action."""

    @abstractmethod
    def explain(self, model: type[object], action: str) -> str:
        """Return the sentence that explains why an action is refused."""

    @abstractmethod
    def closed(self, model: type[object]) -> frozenset[str]:
        """Return the fields that the user may not write."""

    @abstractmethod
    def check_entry_point(self, step: Step) -> None:
        """Raise PermissionDeniedError unless the user's entry point (the API or a view) allows the step."""


class PolicyAuthorizer(Authorizer):
    """Decides by the policies of the site, as the API does."""

    def __init__(self, user: User, policies: Policies) -> None:
        super().__init__(user, CodeNames(user, policies))
        self._policies = policies

    @override
    def condition(self, model: type[object], action: str) -> ColumnElement[bool]:
        """Return the condition on the rows on which the user may perform an action."""
        return self._policies.of(model).where(self._user, action)

    @override
    def explain(self, model: type[object], action: str) -> str:
        """Return the sentence that explains why an action is refused."""
        return self._policies.of(model).explain(self._user, action)

    @override
    def closed(self, model: type[object]) -> frozenset[str]:
        """Return the fields that the user may not write."""
        policy = self._policies.of(model)
        return policy.hidden(self._user) | policy.read_only(self._user)

    @override
    def check_entry_point(self, step: Step) -> None:
        """Do nothing: the API has no rules beyond the policies."""


def model_of(table: RecordedTable) -> type[object]:
    """Return the model of the objects whose changes a table's lines record."""
    assert table.model is not None  # noqa: S101 - `Recorded` sets it
    return table.model


def action_of(step: Step) -> str:
    """Return the action that policies check for a step: changing a link is a change of the linked object."""
    return ACTIONS[Kind.UPDATE if step.table.is_link else step.kind]


def _has_only_defaults(step: Step, name: str) -> bool:
    """Return whether the restored rows have only default values in a field, so that it need not be writable."""
    column = step.table.fields[name]
    if step.kind is not Kind.INSERT or step.table.is_link:
        return False
    default = getattr(column.default, "arg", None)
    return column.primary_key or all(row.then.get(name) in {None, default} for row in step.rows)
