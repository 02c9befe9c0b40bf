"""Everybody who may ask for rows of a model: nobody, users, and staff with one permission each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dovetail.contrib.auth.permissions.declared import ACTIONS, model_permission
from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from dovetail.resources.policies.registered import is_internal


@dataclass(frozen=True)
class Role:
    """A kind of user; `key` is the id of the one there is of it, None for somebody unknown."""

    name: str
    key: int | None
    permissions: frozenset[str] = frozenset()
    is_staff: bool = False
    is_superuser: bool = False
    by_group: bool = False  # whether the permissions come by a group


@dataclass
class Roles:
    """The roles of a site: some ask for rows of every model, some are made for one."""

    everywhere: list[Role]
    of_model: Mapping[str, list[Role]] = field(default_factory=dict)  # by the label of a model

    def asking(self, model_policy: ModelPolicy) -> list[Role]:
        """Return who asks for rows of a model."""
        return [*self.everywhere, *self.of_model[model_policy.label]]

    def __iter__(self) -> Iterator[Role]:
        yield from self.everywhere
        for some in self.of_model.values():
            yield from some


def make_roles(models: Iterable[ModelPolicy]) -> Roles:
    """Return the roles for these models: a plugin's own permissions make roles of their own."""
    everywhere = [
        Role("somebody unknown", None),
        Role("author", 1),
        Role("reader", 2),
        Role("staff without permissions", 3, is_staff=True),
        Role("superuser", 4, is_staff=True, is_superuser=True),
    ]
    numbers = iter(range(10, 1_000))
    found: dict[str, list[Role]] = {}
    for one in models:
        if is_internal(one.model):  # there is nothing to grant
            found[one.label] = []
            continue
        names = {action: model_permission(one.plugin, action, one.model.__name__) for action in one.actions}
        roles = [Role(f"staff with {name}", next(numbers), frozenset({name}), is_staff=True) for name in names.values()]
        four = frozenset(names[action] for action in ACTIONS)
        roles.append(
            Role(f"staff with all of {one.label} by a group", next(numbers), four, is_staff=True, by_group=True)
        )
        roles.append(Role(f"no staff, with {names['change']}", next(numbers), frozenset({names["change"]})))
        found[one.label] = roles
    return Roles(everywhere, found)
