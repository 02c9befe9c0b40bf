"""The policy of a resource together with those of the models that it leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

from sqlalchemy import ColumnElement

from dovetail.resources.conditions import is_always
from dovetail.resources.policies.closed import is_within_scopes
from dovetail.resources.policies.own_subqueries import with_own_subqueries
from dovetail.resources.policies.registered import registered_policy
from dovetail.resources.policy import Create, Model, Policy, Viewer


@dataclass(frozen=True)
class Access(Generic[Model, Viewer, Create]):
    """A policy, and the models that its resource leads to, by path (`reviews.reviewer`).

    The policies of those models are the ones that the site has registered; a model without one is seen with the rows
    that lead to it. Of a model that the scopes of a viewer's token do not name, they see what anybody sees. `fields`
    are the names that the resource knows; a policy may hide others, which it has elsewhere.
    """

    policy: Policy[Model, Viewer, Create]
    model: type[Model]
    targets: Mapping[str, type[object]]
    fields: frozenset[str]

    def related(self, viewer: Viewer | None) -> Mapping[str, ColumnElement[bool]]:
        """Return the conditions on the rows of related models, by path, without those that all rows fulfil."""
        own = self.policy.related(viewer)
        others = {name: one for name, one in self.policies.items() if name not in own}
        asked = {name: one.where(self._seer_of(name, viewer), "view") for name, one in others.items()}
        found = {name: one for name, one in (asked | dict(own)).items() if not is_always(one)}
        return {name: self._of_all_rows(name, one) for name, one in found.items()}

    def hidden(self, viewer: Viewer | None) -> frozenset[str]:
        """Return the fields of the resource that are hidden, by its policy or by that of a nested object."""
        names = set(self.policy.hidden(viewer))
        for path, one in self.policies.items():
            names |= {f"{path}.{name}" for name in one.hidden(self._seer_of(path, viewer))}
        return self.fields & names

    def _of_all_rows(self, path: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        if path not in self.targets:
            return condition
        steps = path.split(".")
        before = [self.model, *(self.targets[".".join(steps[:end])] for end in range(1, len(steps)))]
        return with_own_subqueries(condition, self.targets[path], before)

    def _seer_of(self, path: str, viewer: Viewer | None) -> Viewer | None:
        return viewer if is_within_scopes(viewer, self.targets[path]) else None

    @cached_property
    def policies(self) -> Mapping[str, Policy]:
        """The policies of the models that the resource leads to, by path."""
        found = {path: registered_policy(model) for path, model in self.targets.items()}
        return {path: policy for path, policy in found.items() if policy is not None}
