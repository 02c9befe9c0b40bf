"""The policies of a site: which one decides about a model, for REST, for the back office and for nested objects alike.

    Plugin(name="blog", policies=lazy(Post="plugins.blog.policies:POSTS", Tag="plugins.blog.policies:TAGS"), ...)

A model without one is closed: it is for staff with the model's permission. `context.policies` has them all. Each is
also noted in the table of its model, as a part of the model, so that a resource finds those of related models.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.orm import class_mapper

from dovetail.database.models import Base
from dovetail.errors import ConfigurationError
from dovetail.resources.policies.closed import (
    Closed,
    Label,
    Registered,
    is_within_scopes,
    register,
    registered_model,
)
from dovetail.resources.policy import Policy
from dovetail.state import StateKey


class HasPolicies(Protocol):
    """The part of a plugin that is read here."""

    @property
    def name(self) -> str:
        """The name of the plugin."""

    @property
    def models(self) -> Sequence[type[Base]]:
        """The models of the plugin."""

    @property
    def internal_models(self) -> Collection[str]:
        """The names of those models that have no permissions."""

    @property
    def policies(self) -> Mapping[type[Base], Policy] | Mapping[str, Policy]:
        """The policies by model, or by the name of a model of the plugin's own."""


@dataclass(frozen=True)
class Policies:
    """The policies that the enabled plugins have registered, by model."""

    registered: Mapping[type[object], Policy]
    _closed: dict[type[object], Policy] = field(default_factory=dict)

    def of(self, model: type[object]) -> Policy:
        """Return the policy of a model, or of the model it inherits from; `Closed` if none is registered."""
        for mapper in class_mapper(model, configure=False).iterate_to_root():
            if mapper.class_ in self.registered:
                return self.registered[mapper.class_]
        return self._closed.setdefault(model, Closed(model))

    def is_registered(self, model: type[object]) -> bool:
        """Return True if a policy is registered for the model, or for one that it inherits from."""
        return not isinstance(self.of(model), Closed)


POLICIES = StateKey[Policies]("policies")  # in the state of an application


def registered_policy(model: type[object]) -> Policy | None:
    """Return the policy that the site has registered for a model, or for one that it inherits from."""
    line = (registered_model(mapper.class_) for mapper in class_mapper(model, configure=False).iterate_to_root())
    return next((one.policy for one in line if one is not None and one.policy is not None), None)


def is_internal(model: type[object]) -> bool:
    """Return True for a model that its plugin calls internal: it has no permissions, which the closed policy asks."""
    registered = registered_model(model)
    return registered is not None and registered.is_internal


def visible_rows(viewer: object, model: type[object], action: str = "view") -> ColumnElement[bool]:
    """Return the condition on the rows of a model to which a viewer may do `action`, for SQL that one writes oneself.

        select(func.count()).select_from(Post).where(visible_rows(user, Post))

    The policy that the site has registered says it; without one, staff with the model's permission have all rows, and
    nobody else any. A viewer of None is somebody unknown, and so is one whose token has no scope for the model.
    """
    policy = registered_policy(model) or Closed(model)
    return policy.where(viewer if is_within_scopes(viewer, model) else None, action)


def load_policies(plugins: Iterable[HasPolicies]) -> Policies:
    """Return the policies of these plugins, and note each in the table of its model.

    Raise ConfigurationError with every policy that is registered for what is no model of the plugin itself.
    """
    plugins = tuple(plugins)
    problems: list[str] = []
    found = {model: policy for plugin in plugins for model, policy in _declared(plugin, problems)}
    if problems:
        raise ConfigurationError("\n".join(problems))
    for plugin in plugins:
        for model in plugin.models:
            label = Label(plugin.name, model.__name__)
            internal = label.model in plugin.internal_models
            register(model, Registered(label, found.get(model), is_internal=internal))
    return Policies(found)


def _declared(plugin: HasPolicies, problems: list[str]) -> Iterator[tuple[type[object], Policy]]:
    own = {model.__name__: model for model in plugin.models}
    for key, policy in plugin.policies.items():
        model = own.get(key) if isinstance(key, str) else key
        if model is None or model not in own.values():
            name, known = getattr(key, "__name__", key), ", ".join(sorted(own)) or "it has none"
            problems.append(f"plugin {plugin.name!r} has a policy for {name}, expected one of its own models: {known}")
        elif not isinstance(policy, Policy):
            is_class = isinstance(policy, type) and issubclass(policy, Policy)
            what = f"the class {policy.__name__}" if is_class else f"a {type(policy).__name__}"
            problems.append(
                f"plugin {plugin.name!r} has {what} as the policy of {model.__name__}, expected an instance of Policy"
            )
        else:
            yield model, policy
