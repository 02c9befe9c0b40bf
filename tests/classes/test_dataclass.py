"""`dovetail.classes.dataclass` makes the classes that the standard library makes, and compiles `__init__` alone."""

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field, replace

import pytest

from dovetail.classes.dataclass import REFUSALS, dataclass


def _point(decorator, **options):
    class Point:
        """Not at the origin."""

        x: int
        y: object = None
        secret: str = field(default="s", repr=False)
        note: str = field(default="", compare=False)
        parts: list[int] = field(default_factory=list, hash=False)

    return decorator(**options)(Point)


def _single(decorator, **options):
    class Single:
        """One field."""

        x: object

    return decorator(**options)(Single)


def _with_methods(decorator, **options):
    class Own:
        """Has methods of its own."""

        x: int = 0

        def __repr__(self):
            return "own"

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 7

    return decorator(**options)(Own)


def _equal_only(decorator, **options):
    class Equal:  # noqa: PLW1641 - whether it gets a hash is what is asked
        """Compares in its own way."""

        x: int = 0

        def __eq__(self, other):
            return isinstance(other, Equal)

    return decorator(**options)(Equal)


def _empty(decorator, **options):
    class Empty:
        """No field."""

    return decorator(**options)(Empty)


MADE = [_point, _single, _with_methods, _equal_only, _empty]
OPTIONS = [
    {},
    {"frozen": True},
    {"frozen": True, "kw_only": True},
    {"eq": False},
    {"frozen": True, "eq": False},
    {"eq": False, "slots": True},
    {"slots": True},
    {"frozen": True, "slots": True},
]
FLOAT = float("nan")


def _outcome(action):
    try:
        return action()
    except Exception as error:  # noqa: BLE001 - whatever the standard library's raises
        return type(error), str(error)


def _seen(cls):
    """All that there is to see of a class: what its objects are shown, compared, hashed and changed as."""
    names = [one.name for one in dataclasses.fields(cls)]
    values = {"x": FLOAT} if "x" in names else {}
    one, same = cls(**values), cls(**values)
    other = replace(same, x=2) if values else same
    has_identity = cls.__hash__ is object.__hash__
    changes = [lambda: setattr(one, "x", 3), lambda: delattr(one, "x"), lambda: setattr(one, "unknown", 1)]
    return {
        "shown": "" if cls.__repr__ is object.__repr__ else repr(one),
        "equal": [one == same, one == other, one != other, one == "x", one.__eq__(5)],
        "hash": has_identity or _outcome(lambda: (hash(one), hash(same), hash(other))),
        "match": cls.__match_args__,
        "copied": repr(copy.deepcopy(other)) if not has_identity else "",
        "documented": (cls.__doc__, cls.__eq__.__qualname__, cls.__repr__.__qualname__, cls.__init__.__qualname__),
        "wrong": [_outcome(lambda: cls(1, 2, 3, 4, 5, 6)), _outcome(lambda: one < same)],
        "changed": [_outcome(change) for change in changes] + [_outcome(lambda: repr(one))],
        "fields": [(it.name, it.default, it.kw_only) for it in dataclasses.fields(cls)],
    }


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("make", MADE)
def test_a_class_is_shown_compared_hashed_and_changed_as_the_standard_librarys(make, options):
    assert _seen(make(dataclass, **options)) == _seen(make(dataclasses.dataclass, **options))


def test_methods_are_compiled_once_for_all_classes_and_init_for_each():
    one, other = _point(dataclass, frozen=True), _single(dataclass, frozen=True)
    shared = ["__setattr__", "__delattr__", "__eq__", "__hash__"]

    assert [name for name in shared if getattr(one, name).__code__ is not getattr(other, name).__code__] == []
    assert one.__init__.__code__ is not other.__init__.__code__


def test_the_standard_librarys_own_decorator_stays_as_it_is():
    before = getattr(dataclasses, REFUSALS)
    with pytest.raises(TypeError, match="non-default argument"):

        @dataclass(frozen=True)
        class _Wrong:
            x: int = 0
            y: int

    assert getattr(dataclasses, REFUSALS) is before


def test_subclasses_inherit_refusals_as_the_standard_librarys_do():
    @dataclass(frozen=True)
    class Base:
        x: int = 0

    @dataclasses.dataclass(frozen=True)
    class OfASite(Base):
        y: int = 0

    class Plain(Base):
        pass

    plain, made = Plain(), OfASite()
    plain.y = 1
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        plain.x = 1
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'y'"):
        made.y = 1
    assert (made, made == OfASite(), made == Base(), repr(made)) == (
        OfASite(0, 0),
        True,
        False,
        f"{OfASite.__qualname__}(x=0, y=0)",
    )
    with pytest.raises(TypeError, match="cannot inherit non-frozen dataclass from a frozen one"):
        dataclass(type("Changing", (Base,), {}))
    with pytest.raises(TypeError, match="Cannot overwrite attribute __setattr__ in class Setting"):
        dataclass(frozen=True)(type("Setting", (), {"__setattr__": object.__setattr__}))


@dataclass(frozen=True)
class Node:
    """One that may hold itself."""

    parts: list[object]


def test_an_object_within_itself_is_shown_and_one_can_be_pickled():
    node = Node([1])
    assert pickle.loads(pickle.dumps(node)) == node
    node.parts.append(node)
    assert repr(node) == "Node(parts=[1, ...])"
