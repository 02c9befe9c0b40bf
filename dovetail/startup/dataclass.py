"""The standard library's `dataclass`, of whose frozen classes Python compiles one method each instead of six.

The library writes the methods of each class as a text and has it compiled: half a millisecond a class, which was a
tenth of a start. Here `__init__` alone is written; what compares, hashes, shows and refuses is shared by all classes.
All that `dataclasses` says of a class holds of these too: `fields`, `replace`, `asdict`, `__match_args__`.
(https://docs.python.org/3/library/dataclasses.html)

It is for the framework itself: who inherits from a class of these with the library's own `frozen=True` is refused by
it, so that what sites and plugins may inherit from is made by the library.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from functools import partial
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING


def lean_dataclass(
    cls: type | None = None, /, *, frozen: bool = False, kw_only: bool = False, **options: bool
) -> object:
    """Make a dataclass, as the standard library does; all but frozen ones without further options are left to it."""
    if cls is not None or not frozen or options:
        return dataclasses.dataclass(cls, frozen=frozen, kw_only=kw_only, **options)
    return partial(_frozen, kw_only=kw_only)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - type checkers know all about it
else:
    dataclass = lean_dataclass


def _frozen(cls: type, *, kw_only: bool) -> type:
    dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
    own = {"__init__": _initializer(cls), "_compared_values": staticmethod(_compared_values(cls)), **SHARED}
    for name, method in own.items():
        if cls.__dict__.get(name) is None:  # Python itself sets __hash__ to None where there is an __eq__
            setattr(cls, name, method)
    return cls


def _initializer(cls: type) -> Callable[..., None]:
    """Compile the `__init__` of a class from its fields."""
    given = [each for each in fields(cls) if each.init]
    by_name = [_parameter(each) for each in given if each.kw_only]
    parameters = [
        "self",
        *(_parameter(each) for each in given if not each.kw_only),
        *(["*", *by_name] if by_name else ()),
    ]
    body = [line for each in fields(cls) for line in _assignment(each)]
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    names: dict[str, object] = {"__name__": cls.__module__, "_set": object.__setattr__, "_absent": MISSING}
    for each in fields(cls):
        names |= {f"_default_{each.name}": each.default, f"_make_{each.name}": each.default_factory}
    exec(f"def __init__({', '.join(parameters)}):\n  " + "\n  ".join(body or ["pass"]), names)  # noqa: S102 - as dataclasses do
    made: Callable[..., None] = names["__init__"]  # type: ignore[assignment]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = {each.name: each.type for each in given} | {"return": None}
    return made


def _parameter(each: "Field[object]") -> str:
    if each.default is not MISSING:
        return f"{each.name}=_default_{each.name}"
    return f"{each.name}=_absent" if each.default_factory is not MISSING else each.name


def _assignment(each: "Field[object]") -> Iterator[str]:
    """Yield the line that sets a field; one that nobody gives is set where there is something that makes its value."""
    value = each.name
    if each.default_factory is not MISSING:
        value = f"_make_{each.name}()" + (f" if {each.name} is _absent else {each.name}" if each.init else "")
    elif not each.init:
        return
    yield f"_set(self, {each.name!r}, {value})"


def _compared_values(cls: type) -> Callable[[object], tuple[object, ...]]:
    names = [each.name for each in fields(cls) if each.compare]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda one: tuple(getattr(one, name) for name in names)


def _equal(self: object, other: object) -> object:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = self._compared_values  # type: ignore[attr-defined]
    return values(self) == values(other)


def _hash(self: object) -> int:
    return hash(self._compared_values(self))  # type: ignore[attr-defined]


@recursive_repr()
def _show(self: object) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)  # type: ignore[arg-type]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


SHARED = {
    "__repr__": _show,
    "__eq__": _equal,
    "__hash__": _hash,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
}
