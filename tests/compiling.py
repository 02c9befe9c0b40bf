"""Compile each statement once for all tests of a worker.

SQLAlchemy finds what it has compiled by the dialect, which is another object for each engine and thus for each test: an
eighth of the work of a test was to compile what the test before it had compiled. `share` makes equal what compiles
alike: the caches of a worker then hold what those of a server hold that runs for days.
"""

from collections.abc import Hashable

from sqlalchemy import Dialect, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

MAXIMUM = 2000  # statements; more than tests of one file use
PLAIN = (str, bool, int, float, tuple, type(None))
SERIALIZERS = ("_json_serializer", "_json_deserializer")
NUMBER = "_number_among_the_dialects_of_tests"

_statements: LRUCache = LRUCache(MAXIMUM)
_numbers: dict[Hashable, int] = {}


def share() -> None:
    """Let all engines have one cache of compiled statements, which finds them for every dialect that is alike."""
    DefaultDialect.__hash__ = _number
    DefaultDialect.__eq__ = lambda one, other: (
        one is other or (isinstance(other, DefaultDialect) and _number(one) == _number(other))
    )
    Engine._compiled_cache = property(lambda engine: engine.__dict__["_compiled_cache"], _set_cache)


def _set_cache(engine: Engine, own: LRUCache | None) -> None:
    engine.__dict__["_compiled_cache"] = None if own is None else _statements


def _number(dialect: Dialect) -> int:
    """A number that dialects have in common which compile alike, from the first time that it is asked for."""
    if NUMBER not in dialect.__dict__:
        dialect.__dict__[NUMBER] = _numbers.setdefault(_nature(dialect), len(_numbers))
    return dialect.__dict__[NUMBER]


def _nature(dialect: Dialect) -> Hashable:
    """All that tells one dialect from another: its class, its types, and whatever it was told or has found out.

    The types are classes made for each engine, of the same bases.
    """
    types = frozenset((kind, own.__qualname__, own.__bases__) for kind, own in dialect.colspecs.items())
    told = frozenset((name, type(value), value) for name, value in dialect.__dict__.items() if isinstance(value, PLAIN))
    return type(dialect), types, told, *(dialect.__dict__.get(name) for name in SERIALIZERS)
