"""The framework's frozen dataclasses are what the standard library would have made of the same classes."""

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field, fields, replace
from functools import cached_property
from importlib import import_module
from pkgutil import walk_packages
from typing import ClassVar, Generic, TypeVar

import pytest

import dovetail
from dovetail.startup.dataclass import dataclass

T = TypeVar("T")


@dataclass(frozen=True)
class Pair:
    left: int
    right: list[int] = field(default_factory=list, compare=False)

    kinds: ClassVar[int] = 0

    @cached_property
    def double(self) -> int:
        return self.left * 2


@dataclass(frozen=True, kw_only=True)
class Triple(Pair):
    secret: str = field(default="hidden", repr=False)
    length: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.right))


@dataclass(frozen=True)
class Box(Generic[T]):
    thing: T


@dataclass(frozen=True)
class Nothing:  # noqa: PLW1641 - it is given a __hash__
    made: tuple[int, ...] = field(init=False, default_factory=tuple)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Nothing)

    def __repr__(self) -> str:
        return "nothing"


def test_arguments_are_taken_by_place_or_by_name_and_defaults_are_made_anew():
    assert (Pair(1).left, Pair(left=2, right=[3]).right) == (1, [3])
    assert Pair(1).right is not Pair(1).right
    assert Triple(1, [4, 5], secret="s").length == 2
    for wrong in (Pair, lambda: Pair(1, [], 3), lambda: Triple(1, [], "s"), lambda: Pair(other=1)):
        with pytest.raises(TypeError):
            wrong()


def test_objects_are_equal_and_hashed_by_the_fields_that_count():
    assert Pair(1, [1]) == Pair(1, [2])
    assert hash(Pair(1, [1])) == hash(Pair(1, [2]))
    assert len({Pair(1), Pair(1), Pair(2)}) == 2
    assert Pair(1) != Pair(2)
    assert Pair(1) != Triple(1)
    assert Pair(1) != 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Box([]))


def test_an_object_shows_its_fields_and_stops_at_itself():
    around: list[object] = []
    box = Box(around)
    around.append(box)

    assert repr(Triple(1, [2])) == "Triple(left=1, right=[2], length=1)"
    assert repr(box) == "Box(thing=[...])"


def test_no_field_is_set_or_deleted_afterwards_and_a_cached_property_is_kept():
    pair = Pair(1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'left'"):
        pair.left = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'left'"):
        del pair.left
    assert (pair.double, pair.__dict__["double"], pair.left) == (2, 2, 1)


def test_what_a_class_says_itself_is_kept_and_a_hash_is_given_it():
    assert Nothing() == Nothing()
    assert repr(Nothing()) == "nothing"
    assert hash(Nothing()) == hash(Nothing())


def test_the_functions_of_the_standard_library_know_these_classes():
    triple = Triple(1, [2], secret="s")

    assert [each.name for each in fields(Triple)] == ["left", "right", "secret", "length"]
    assert replace(triple, right=[3, 4]).length == 2
    assert dataclasses.asdict(Pair(1, [2])) == {"left": 1, "right": [2]}
    assert copy.deepcopy(triple) == triple == pickle.loads(pickle.dumps(triple))
    assert Box[int](1).thing == 1
    match Pair(5):
        case Pair(left, _):
            assert left == 5


def frozen_classes() -> list[type]:
    """Every class of the framework that this decorator made, and wrote an `__init__` for."""
    found = {}
    for module in walk_packages(dovetail.__path__, "dovetail."):
        if ".migrations.versions" in module.name or module.name.endswith("__main__"):
            continue
        for one in vars(import_module(module.name)).values():
            if isinstance(one, type) and "_compared_values" in one.__dict__ and "_set" in one.__init__.__globals__:
                found[one.__qualname__, one.__module__] = one
    return list(found.values())


def test_each_class_of_the_framework_takes_the_arguments_that_the_standard_library_gives_it():
    classes = [*frozen_classes(), Pair, Triple, Box, Nothing]
    assert len(classes) > 150

    for one in classes:
        twin = dataclasses.make_dataclass(
            one.__name__, [(each.name, each.type, copy.copy(each)) for each in fields(one)], frozen=True
        )
        theirs, ours = inspect.signature(twin.__init__), inspect.signature(one.__init__)
        assert list(ours.parameters) == list(theirs.parameters), one
        for name, parameter in ours.parameters.items():
            assert parameter.kind == theirs.parameters[name].kind, (one, name)
            assert (parameter.default is parameter.empty) == (theirs.parameters[name].default is parameter.empty)
        assert one.__init__.__annotations__ == twin.__init__.__annotations__
