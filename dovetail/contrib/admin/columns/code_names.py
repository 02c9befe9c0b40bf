"""Find the names in the code of `__str__` and of computed columns, which include every attribute that it reads."""

import builtins
from collections.abc import Iterable, Iterator
from dis import get_instructions
from functools import cached_property, lru_cache
from types import CodeType, FunctionType

from sqlalchemy.ext.hybrid import hybrid_property

# The bytecode of `return self.title`; Python 3.14 has another name for the first instruction.
RETURNS_ATTRIBUTE = [[load, "LOAD_ATTR", "RETURN_VALUE"] for load in ("LOAD_FAST", "LOAD_FAST_BORROW")]
NO_STEPS = frozenset({"RESUME", "CACHE", "NOP"})
DYNAMIC = frozenset({"__dict__", "vars", "getattr", "attrgetter", "asdict"})  # reads attributes by computed names


def names_in_text_of(model: type[object]) -> frozenset[str]:
    """Return every name in the code of `__str__`, and of the methods and functions of its module that it calls.

    If the code reads attributes by computed names, all attributes of the class are returned.
    """
    return names_in_code(model, [vars(cls).get("__str__") for cls in model.__mro__])


def names_in_code(model: type[object], code: Iterable[object]) -> frozenset[str]:
    """Return every name in functions, methods and properties, and in the code that they call."""
    return _names_read(model.__mro__, tuple(function for one in code for function in _functions(one)))


@lru_cache(maxsize=1024)  # cached, since each page needs it for all models that it shows
def _names_read(classes: tuple[type[object], ...], code: tuple[FunctionType, ...]) -> frozenset[str]:
    names = _all_names([*code], classes)
    return frozenset(names if names.isdisjoint(DYNAMIC) else {*names, *dir(classes[0])})


def names_in(function: FunctionType) -> frozenset[str]:
    """Return every name in the code of a function, and of the functions of its module that it calls."""
    return frozenset(_all_names([function]))


def returned_by(function: object) -> str | None:
    """Return the attribute that a method returns unchanged, `return self.title`; None if it does anything else."""
    if not isinstance(function, FunctionType) or function.__code__.co_argcount != 1:
        return None
    steps = [(one.opname, one.argval) for one in get_instructions(function) if one.opname not in NO_STEPS]
    if [name for name, _ in steps] not in RETURNS_ATTRIBUTE or steps[0][1] != function.__code__.co_varnames[0]:
        return None
    return str(steps[1][1])


def _all_names(waiting: list[FunctionType], classes: Iterable[type[object]] = ()) -> set[str]:
    names: set[str] = set()
    seen: set[FunctionType] = set()
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        found = set(_names(function.__code__))
        names |= found
        for name in found:
            waiting += _functions(function.__globals__.get(name))
            waiting += [one for cls in classes for one in _functions(vars(cls).get(name))]
    return names


def _functions(value: object) -> Iterator[FunctionType]:
    if isinstance(value, hybrid_property | property):
        value = value.fget
    elif isinstance(value, cached_property):
        value = value.func
    elif isinstance(value, classmethod | staticmethod):
        value = value.__func__
    if isinstance(value, FunctionType) and value.__module__ != builtins.__name__:
        yield value


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _names(constant)
