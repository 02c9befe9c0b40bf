"""The hooks that policies had: `rows`, `may_create`, `may_update`, `may_delete`. `Policy.where` says it all.

A subclass that overrides them is warned, and works as before for one release: `rows` stands for "view", and each of the
others allows its action of every row that is seen, and is asked besides, of each row.
"""

import warnings
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, Generic

from sqlalchemy import ColumnElement, true
from typing_extensions import TypeVar, deprecated

from dovetail.errors import ConfigurationError, PermissionDeniedError
from dovetail.resources.conditions import is_always, is_never

# Their names stand in signatures that authors of plugins read.
Model = TypeVar("Model", contravariant=True, default=object)  # noqa: PLC0105 - see above; an instance is one row
Viewer = TypeVar("Viewer", default=object)  # who writes; who reads is this or None
Create = TypeVar("Create", contravariant=True, default=object)  # noqa: PLC0105 - see above; the schema of a create
Rule = Callable[..., ColumnElement[bool]]  # a `where`, as a function
WHERE = "ask `where(viewer, action)`, which is SQL"
MARK = "is_made_of_old_hooks"
HOOKS = {"view": "rows", "add": "may_create", "change": "may_update", "delete": "may_delete"}


class DeprecatedHooks(Generic[Model, Viewer, Create]):
    """Answers what the old hooks are asked by what `where` says."""

    old_hooks: ClassVar[frozenset[str]] = frozenset()  # the hooks that a class or its parents override

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        own = [name for name in HOOKS.values() if name in vars(cls)]
        if not own:
            return
        cls.old_hooks |= frozenset(own)
        name = cls.__qualname__
        warnings.warn(
            f"{name} overrides {' and '.join(own)}, which the next release does not ask; override {name}.where",
            DeprecationWarning,
            stacklevel=2,
        )
        if "where" not in vars(cls):
            setattr(cls, "where", _rule_of(cls, frozenset(own)))  # noqa: B010 - a method of each such class
        elif "rows" in own:
            raise ConfigurationError(f"{name} has both `where` and `rows`; drop `rows`")

    @abstractmethod
    def where(self, viewer: Viewer | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the rows to which the viewer may do `action`."""

    @abstractmethod
    def explain(self, viewer: Viewer | None, action: str) -> str:
        """Return the sentence by which an action is refused."""

    @deprecated(WHERE)
    def rows(self, viewer: Viewer | None) -> ColumnElement[bool]:
        """Return the condition on the rows that the viewer may know of; `where` says it now."""
        return _declared(self, viewer, "view")

    @deprecated(WHERE)
    def may_create(self, viewer: Viewer, data: Create) -> None:  # noqa: ARG002 - for subclasses
        """Raise PermissionDeniedError if the viewer may not add a row; `where` says it now."""
        self._check(viewer, "add")

    @deprecated(WHERE)
    def may_update(self, viewer: Viewer, item: Model, changes: frozenset[str]) -> None:  # noqa: ARG002 - for subclasses
        """Raise PermissionDeniedError if the viewer may not change a row; `where` says it now."""
        self._check(viewer, "change")

    @deprecated(WHERE)
    def may_delete(self, viewer: Viewer, item: Model) -> None:  # noqa: ARG002 - for subclasses
        """Raise PermissionDeniedError if the viewer may not delete a row; `where` says it now."""
        self._check(viewer, "delete")

    def _check(self, viewer: Viewer, action: str) -> None:
        condition = _declared(self, viewer, action)
        if is_never(condition):
            raise PermissionDeniedError(self.explain(viewer, action))
        if not is_always(condition):
            name = type(self).__name__
            raise ConfigurationError(
                f"{name}.{HOOKS[action]} cannot tell of one row what `where` says in SQL; let {name}.where decide"
            )


def _rule_of(policy: type[object], own: frozenset[str]) -> Rule:
    """Return the `where` of a class that has these hooks of its own."""

    def where(self: DeprecatedHooks, viewer: object, action: str) -> ColumnElement[bool]:
        if HOOKS.get(action) not in own:
            rule: Rule = super(policy, self).where  # type: ignore[misc]  # no mix-in: it is one of DeprecatedHooks
            return rule(viewer, action)
        return self.rows(viewer) if action == "view" else true()

    setattr(where, MARK, True)
    return where


def _declared(policy: object, viewer: object, action: str) -> ColumnElement[bool]:
    """Return what the next class says by a `where` that was not made of old hooks."""
    rules: list[Rule] = [vars(owner)["where"] for owner in type(policy).__mro__ if "where" in vars(owner)]
    return next(rule for rule in rules if not hasattr(rule, MARK))(policy, viewer, action)
