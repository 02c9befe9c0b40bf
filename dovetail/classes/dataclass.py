"""The standard library's `dataclass`, without compiling methods that are alike in all classes.

For each frozen class `dataclasses.dataclass` writes the source of six methods and compiles them one by one, which is a
tenth of a server's start. Here it does so for `__init__` alone; the others are functions that know the names of the
fields. The classes are the same in all else, and type checkers see the standard library's decorator.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import Field, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, TypeVar

ClassT = TypeVar("ClassT")
REFUSALS = "_frozen_get_del_attr"  # private of the standard library: it makes what refuses changes of a frozen class

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> type | Callable[[type], type]:
        """Make a dataclass, with the options of the standard library's decorator except `order` and `unsafe_hash`."""
        return (lambda it: make_dataclass(it, **options)) if cls is None else make_dataclass(cls, **options)


__all__ = ["dataclass"]


def make_dataclass(
    cls: type[ClassT], *, eq: bool = True, frozen: bool = False, kw_only: bool = False, slots: bool = False
) -> type[ClassT]:
    """Return `cls` as a dataclass; methods that it has already stay."""
    own = vars(cls)
    says_equal, says_hash = "__eq__" in own, own.get("__hash__") is not None
    with _refusing_without_source():
        made = dataclasses.dataclass(eq=False, repr=False, frozen=frozen, kw_only=kw_only, slots=slots)(cls)
    fields = dataclasses.fields(made)  # type: ignore[arg-type]  # mypy does not know what the decorator adds
    if "__repr__" not in own:
        _set(made, _representation([one.name for one in fields if one.repr]))
    if eq and not says_equal:
        _set(made, _comparison([one.name for one in fields if one.compare]))
    if eq and not says_hash:
        hashed = [one.name for one in fields if (one.compare if one.hash is None else one.hash)]
        made.__hash__ = _hash(hashed) if frozen else None  # type: ignore[assignment]  # None is Python's own way
    return made


def _set(cls: type, method: Callable[..., object]) -> None:
    method.__qualname__ = f"{cls.__qualname__}.{method.__name__}"
    setattr(cls, method.__name__, method)


def _representation(names: Sequence[str]) -> Callable[[object], str]:
    @recursive_repr()
    def __repr__(self: object) -> str:  # noqa: N807 - it becomes a method of this name
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return __repr__


def _comparison(names: Sequence[str]) -> Callable[[object, object], bool]:
    values = _values(names)

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - as above
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(names: Sequence[str]) -> Callable[[object], int]:
    values = _values(names)

    def __hash__(self: object) -> int:  # noqa: N807 - as above
        return hash(values(self))

    return __hash__


def _values(names: Sequence[str]) -> Callable[[object], object]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)  # a tuple compares by identity first


@contextmanager
def _refusing_without_source() -> Iterator[None]:
    standard = getattr(dataclasses, REFUSALS, None)
    if standard is None:  # in a Python to come, whose own refusals are as good, and take longer to make
        yield
        return
    setattr(dataclasses, REFUSALS, _refuse_changes)
    try:
        yield
    finally:
        setattr(dataclasses, REFUSALS, standard)


def _refuse_changes(cls: type, fields: Sequence[Field[object]], *_source: object) -> tuple[()]:
    """Let a frozen class refuse changes; nothing is left for the standard library to add."""
    names = frozenset(one.name for one in fields)

    def __setattr__(self: object, name: str, value: object) -> None:  # noqa: N807 - as above
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)  # type: ignore[arg-type]  # mypy misses the `is` above

    def __delattr__(self: object, name: str) -> None:  # noqa: N807 - as above
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)  # type: ignore[arg-type]  # as above

    for method in (__setattr__, __delattr__):
        if method.__name__ in vars(cls):
            raise TypeError(f"Cannot overwrite attribute {method.__name__} in class {cls.__name__}")
        _set(cls, method)
    return ()
