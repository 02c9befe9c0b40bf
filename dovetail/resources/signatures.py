"""Check at start that the functions that a resource is given take the arguments with which it calls them.

A type checker finds the same; these checks are for code without types, and for authors who run no type checker.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import partial
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from fastapi.params import Depends

from dovetail.errors import ConfigurationError
from dovetail.resources.deprecated_hooks import DeprecatedHooks
from dovetail.resources.policy import Policy

# The arguments in order, by name, with their types: None where nothing is known of one.
Arguments: TypeAlias = Mapping[str, object]
SIMILAR = 0.8  # how alike two names are, of 0 to 1, if one is the other misspelt


def check_hook(resource: str, name: str, hook: object, arguments: Arguments, *, is_async: bool = True) -> None:
    """Raise ConfigurationError unless `hook` is a function that takes `arguments`, each by position."""
    if (reason := _why_not(hook, arguments, is_async=is_async)) is not None:
        raise ConfigurationError(f"{resource}: {name} {reason}")


def check_policy(resource: str, policy: object, model: type[object], create: type[object] | None) -> None:
    """Raise ConfigurationError for a policy that is a class, and for a hook that is misspelt or takes other arguments.

    `create` is the schema of the resource's create, None if it has none.
    """
    if isinstance(policy, type):
        raise ConfigurationError(
            f"{resource}: policy is the class {policy.__name__}, expected an instance: {policy.__name__}()"
        )
    if not isinstance(policy, Policy):
        raise ConfigurationError(f"{resource}: policy is a {type(policy).__name__}, expected an instance of Policy")
    name = type(policy).__name__
    for misspelt, hook in _misspelt(type(policy)):
        raise ConfigurationError(
            f"{resource}: {name}.{misspelt} is no hook of a policy, expected {hook}; the name of a helper begins with _"
        )
    for dependency in ("reader", "writer"):
        if not _is_dependency(getattr(policy, dependency)):
            raise ConfigurationError(
                f"{resource}: {name}.{dependency} is {getattr(policy, dependency)!r}, "
                "expected a dependency such as Annotated[User, Depends(get_user)]"
            )
    for hook, arguments in _hooks(policy, model, create).items():
        is_async = inspect.iscoroutinefunction(getattr(Policy, hook))
        if (reason := _why_not(getattr(policy, hook), arguments, is_async=is_async)) is not None:
            raise ConfigurationError(f"{resource}: {name}.{hook} {reason}")


def _hooks(policy: Policy, model: type[object], create: type[object] | None) -> dict[str, Arguments]:
    reader, writer = (get_args(dependency)[0] for dependency in (policy.reader, policy.writer))
    read: Arguments = {"viewer": reader}
    old: dict[str, Arguments] = {
        "rows": read,
        "may_create": {"viewer": writer, "data": create},
        "may_update": {"viewer": writer, "item": model, "changes": frozenset},
        "may_delete": {"viewer": writer, "item": model},
    }
    return {
        "recognize_reader": {"connection": None, "source": None},
        "recognize_writer": {"connection": None, "session": None},
        "identity": read,
        "viewer_values": {"viewer": writer},
        "where": {**read, "action": str},
        "explain": {**read, "action": str},
        "related": read,
        "hidden": read,
        "read_only": read,
        **{name: old[name] for name in policy.old_hooks & old.keys()},
    }


def _misspelt(policy: type[Policy]) -> Iterator[tuple[str, str]]:
    """Yield the public names that a policy has beside the hooks and that look like one, each with that hook."""
    hooks = [name for owner in (Policy, DeprecatedHooks) for name in vars(owner) if not name.startswith("_")]
    if hasattr(policy, "is_anonymous"):  # the hook of the last release
        yield "is_anonymous", "recognize_reader"
    for owner in policy.__mro__[: policy.__mro__.index(Policy)]:
        for name in vars(owner):
            if not name.startswith("_") and name not in hooks:
                yield from ((name, hook) for hook in get_close_matches(name, hooks, n=1, cutoff=SIMILAR))


def _is_dependency(annotation: object) -> bool:
    is_annotated = get_origin(annotation) is Annotated
    return is_annotated and any(isinstance(one, Depends) for one in get_args(annotation)[1:])


def _why_not(function: object, arguments: Arguments, *, is_async: bool) -> str | None:
    """Return what keeps `function` from being called with `arguments`, with what is expected; None if nothing does."""
    expected = f"expected {'async ' * is_async}def ({', '.join(arguments)})"
    if not callable(function):
        return f"is {function!r}, {expected}"
    try:
        signature = inspect.signature(function)
    except ValueError:  # of a builtin
        return None
    found = f"found {'async ' * _is_async(function)}def ({', '.join(map(str, signature.parameters.values()))})"
    if _is_async(function) is not is_async:
        return f"{'has to be' if is_async else 'cannot be'} async: {found}, {expected}"
    try:
        bound = signature.bind(*arguments)
    except TypeError as error:
        return f"cannot be called ({error}): {found}, {expected}"
    annotations = _annotations(function)
    for (name, given), parameter in zip(arguments.items(), bound.arguments, strict=False):
        if given is not None and not _accepts(annotations.get(parameter, Any), given):
            return f"takes another {name}: {found}, expected one that takes {_name(given)}"
    return None


def _is_async(function: Callable[..., object]) -> bool:
    while isinstance(function, partial):
        function = function.func
    inner = inspect.unwrap(function)
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(getattr(inner, "__call__", None))  # noqa: B004 - what it is, not that it is


def _annotations(function: Callable[..., object]) -> dict[str, object]:
    while isinstance(function, partial):
        function = function.func
    try:
        return inspect.get_annotations(inspect.unwrap(function), eval_str=True)
    except (NameError, TypeError):  # names that only type checkers import; an object with __call__
        return {}


def _accepts(annotation: object, given: object) -> bool:
    """Return False if a parameter of this annotation surely takes no values of the type `given`."""
    if _is_union(given):
        return all(_accepts(annotation, one) for one in get_args(given))
    if _is_union(annotation):
        return any(_accepts(one, given) for one in get_args(annotation))
    taken, given = get_origin(annotation) or annotation, get_origin(given) or given
    if taken in (Any, object) or not (isinstance(taken, type) and isinstance(given, type)):
        return True
    try:
        return issubclass(given, taken)
    except TypeError:  # a Protocol that is for type checkers only
        return True


def _is_union(annotation: object) -> bool:
    return get_origin(annotation) in {Union, UnionType}


def _name(given: object) -> str:
    return given.__name__ if isinstance(given, type) else str(given)
