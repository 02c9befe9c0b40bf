"""The decisions of the policies for the user of a request, computed once for each model and action.

A model for which no plugin has registered a policy is closed: whoever has the model's permission has it for all rows.
"""

from collections.abc import Hashable, Mapping, Sequence

from sqlalchemy import ColumnElement, false, func, inspect, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.rules.lost_keys import check_deferred_keys
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from dovetail.resources.conditions import is_always, is_never
from dovetail.resources.deprecated_hooks import HOOKS
from dovetail.resources.policies.closed import Label
from dovetail.resources.policies.registered import Policies
from dovetail.resources.policy import Policy
from dovetail.resources.query.keys import key_from
from dovetail.resources.sql.arrays import among_many
from dovetail.resources.write.own_tables.checks import refused_rows
from dovetail.resources.write.own_tables.earlier import keep_rows
from dovetail.state import StateKey
from dovetail.translation.texts import gettext

RULES = StateKey["Rules"]("dovetail_admin_rules", "nobody is logged in")  # of a request; use `rules_of`
EVERYTHING: ColumnElement[bool] = true()
NOTHING: ColumnElement[bool] = false()
KNOWN = frozenset({"view", "add", "change", "delete"})  # actions that every policy knows


class Rules:
    """The decisions of the policies for one user; `homes` are the plugins of models, for the names of permissions.

    `is_writing` is False for a request that only reads.
    """

    def __init__(
        self, viewer: User, policies: Policies, homes: Mapping[type[object], str], *, is_writing: bool = True
    ) -> None:
        self._viewer, self._policies, self._homes = viewer, policies, homes
        self._is_writing = is_writing
        self.view_permissions: dict[tuple[object, str], bool] = {}  # whether the user may do an action of a view
        self._conditions: dict[tuple[type[object], str], ColumnElement[bool]] = {}
        self._found: dict[tuple[type[object], str], dict[object, bool]] = {}
        self._hidden: dict[type[object], frozenset[str]] = {}
        self._related: dict[type[object], Mapping[str, ColumnElement[bool]]] = {}

    def where(self, model: type[object], action: str) -> ColumnElement[bool]:
        """Return the condition on the rows on which the user may do `action`; it can be EVERYTHING or NOTHING."""
        key = (model, action)
        if key not in self._conditions:
            self._conditions[key] = self._ask(model, action)
        return self._conditions[key]

    def explain(self, model: type[object], action: str) -> str:
        """Return the message with which an action is refused."""
        if self._policies.is_registered(model):
            return self._policies.of(model).explain(self._viewer, action)
        return gettext("This takes the permission %(action)s.") % {
            "action": self._label(model).permissions(_closed(action))[0]
        }

    def hidden(self, model: type[object]) -> frozenset[str]:
        """Return the fields that the user may not read, by their names in the policy."""
        if model not in self._hidden:
            self._hidden[model] = self._policies.of(model).hidden(self._viewer)
        return self._hidden[model]

    def read_only(self, model: type[object]) -> frozenset[str]:
        """Return the fields that the user may not write, by their names in the policy."""
        return self._policies.of(model).read_only(self._viewer)

    def related(self, model: type[object]) -> Mapping[str, ColumnElement[bool]]:
        """Return the conditions on rows of related models that replace those of their own policies."""
        if model not in self._related:
            self._related[model] = self._policies.of(model).related(self._viewer)
        return self._related[model]

    def home_of(self, model: type[object]) -> str:
        """Return the plugin of a model, which is part of the names of its permissions."""
        return self._homes.get(model, "")

    async def load(
        self, session: AsyncSession, model: type[object], actions: Sequence[str], rows: Sequence[object]
    ) -> None:
        """Determine, by one statement, on which rows the user may do the actions, for `allows`.

        Rows that the request is going to change are kept as they are, for `check`.
        """
        await self._determine(session, model, actions, rows)
        if self._is_writing and "change" in actions:
            await self.keep_keys(session, model, [key_from(_identity(row)) for row in rows])

    async def keep_keys(self, session: AsyncSession, model: type[object], keys: Sequence[Hashable]) -> None:
        """Keep the rows with these keys as they are before they are changed, for `check` and `check_keys`."""
        if keys and not _is_settled(self.where(model, "change")):
            await keep_rows(session, model, self.where(model, "change"), keys)

    async def _determine(
        self, session: AsyncSession, model: type[object], actions: Sequence[str], rows: Sequence[object]
    ) -> None:
        asked = [one for one in dict.fromkeys(actions) if not _is_settled(self.where(model, one))]
        if not asked or not rows:
            return
        keys = primary_keys(model)
        wanted = [_identity(row) for row in rows]
        chosen = keys[0].in_([key[0] for key in wanted]) if len(keys) == 1 else tuple_(*keys).in_(wanted)
        conditions = [self.where(model, one).label(f"may_{number}") for number, one in enumerate(asked)]
        statement = select(*keys, *conditions).select_from(model).where(chosen)
        for row in await session.execute(statement):
            for action, answer in zip(asked, row[len(keys) :], strict=True):
                self._found.setdefault((model, action), {})[tuple(row[: len(keys)])] = bool(answer)

    def allows(self, model: type[object], action: str, obj: object) -> bool:
        """Return whether the user may do `action` on an object; False if that was not determined by `load`."""
        return self._allows_all(model, action, [obj])

    async def check(self, session: AsyncSession, model: type[object], action: str, rows: Sequence[object]) -> None:
        """Check rows that were written, as `require` does; raise ConflictError as well, for a reference to no row.

        Those that were changed have been given to `load` or `keep_keys` when they were as before.
        """
        await check_deferred_keys(session, model, rows)
        await self._determine(session, model, [action], rows)
        self.require(model, action, rows)
        await self._check_as_before(session, model, action, [key_from(_identity(row)) for row in rows])

    async def check_before(
        self, session: AsyncSession, model: type[object], action: str, rows: Sequence[object]
    ) -> None:
        """Check rows before something is done to them, as `require` does."""
        await self._determine(session, model, [action], rows)
        self.require(model, action, rows)

    async def check_keys(
        self, session: AsyncSession, model: type[object], action: str, keys: Sequence[Hashable]
    ) -> None:
        """Check rows by key as `check` does, for a model for which `asks_about_each` is False."""
        await self.check_keys_before(session, model, action, keys)
        await self._check_as_before(session, model, action, keys)

    async def _check_as_before(
        self, session: AsyncSession, model: type[object], action: str, keys: Sequence[Hashable]
    ) -> None:
        condition = self.where(model, action)
        if action not in {"add", "change"} or not keys or _is_settled(condition):
            return
        if await refused_rows(session, model, action, condition, keys):
            raise PermissionDeniedError(self.explain(model, action))

    async def check_keys_before(
        self, session: AsyncSession, model: type[object], action: str, keys: Sequence[Hashable]
    ) -> None:
        """Check rows by key as `check_before` does, for such a model."""
        condition = self.where(model, action)
        if condition is EVERYTHING or not keys:
            return
        chosen = among_many(primary_keys(model), keys, session.get_bind().dialect)
        allowed = select(func.count()).select_from(model).where(chosen, condition)
        if condition is NOTHING or await session.scalar(allowed) != len(keys):
            raise PermissionDeniedError(self.explain(model, action))

    def asks_about_each(self, model: type[object], action: str) -> bool:
        """Return whether the policy of a model has a hook that takes single objects."""
        return action != "view" and HOOKS.get(action) in self._policies.of(model).old_hooks

    def require(self, model: type[object], action: str, rows: Sequence[object]) -> None:
        """Raise PermissionDeniedError, with the policy's message, unless the user may do `action` on all these rows."""
        if rows and not self._allows_all(model, action, rows):
            raise PermissionDeniedError(self.explain(model, action))
        self._ask_old_hook(model, action, rows)

    def rule_called(self, model: type[object], name: str) -> str:
        """Return the rule of a view's action: that with its name if the policy has it, or else "change".

        A rule for an action that changes no rows, such as "view", is not used.
        """
        if name in {"change", "delete"}:
            return name
        is_known = name not in KNOWN and self._policies.is_registered(model) and knows(self._policies.of(model), name)
        return name if is_known else "change"

    def _allows_all(self, model: type[object], action: str, rows: Sequence[object]) -> bool:
        condition = self.where(model, action)
        if _is_settled(condition):
            return condition is EVERYTHING
        found = self._found.get((model, action), {})
        return all(found.get(_identity(row), False) for row in rows)

    def _ask(self, model: type[object], action: str) -> ColumnElement[bool]:
        if self._policies.is_registered(model):
            condition = self._policies.of(model).where(self._viewer, action)
            return EVERYTHING if is_always(condition) else NOTHING if is_never(condition) else condition
        permissions = self._label(model).permissions(_closed(action))
        return EVERYTHING if any(map(self._viewer.has_perm, permissions)) else NOTHING

    def _label(self, model: type[object]) -> Label:
        return Label(self._homes.get(model, ""), model.__name__)

    def _ask_old_hook(self, model: type[object], action: str, rows: Sequence[object]) -> None:
        if not self.asks_about_each(model, action):
            return
        policy, hook = self._policies.of(model), HOOKS[action]
        changes: tuple[object, ...] = (frozenset(),) if action == "change" else ()
        for row in rows:
            getattr(policy, hook)(self._viewer, row, *changes)


def rules_of(request: Request) -> Rules:
    """Return the Rules for the user of a request. Raise ConfigurationError if nobody is logged in."""
    return RULES.get(request)


def knows(policy: Policy, action: str) -> bool:
    """Return whether a policy has a rule for an action: it allows the action to some user on some rows."""
    for viewer in policy.sample_viewers():
        try:
            if not is_never(policy.where(viewer, action)):
                return True
        except Exception:  # noqa: BLE001, S112 - the policy need not support such a viewer
            continue
    return False


def _closed(action: str) -> str:
    return action if action in KNOWN else "change"


def _is_settled(condition: ColumnElement[bool]) -> bool:
    return condition is EVERYTHING or condition is NOTHING  # as in `Rules.where`


def _identity(obj: object) -> tuple[object, ...]:
    found = inspect(obj)
    assert found is not None  # noqa: S101 - rows of models have a state
    key: tuple[object, ...] = found.identity or tuple(found.mapper.primary_key_from_instance(obj))
    return key
