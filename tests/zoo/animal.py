"""One animal of the zoo: a model that SQLAlchemy can map, what is right and wrong for it, and where it lives."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from sqlalchemy import Column, MetaData, inspect
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeEngine

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin

Kind: TypeAlias = Literal["sqlite", "postgresql"]
Tour: TypeAlias = Literal["rest", "back office", "migrations", "dump"]
Json: TypeAlias = Any  # as json.loads gives it
BOTH: tuple[Kind, ...] = ("sqlite", "postgresql")
SQLITE: tuple[Kind, ...] = ("sqlite",)
POSTGRESQL: tuple[Kind, ...] = ("postgresql",)
NOTHING: Mapping[Tour, str] = {}
NOTHING_BESIDE: Mapping[str, tuple[Json, ...]] = {}


class ZooBase(Base):
    """The base of the zoo: a site of its own has it in its metadata, and the other tests of this process do not."""

    __abstract__ = True
    metadata = Base.metadata if "ZOO" in os.environ else MetaData(naming_convention=NAMING_CONVENTION)


@dataclass(frozen=True)
class Answered:
    """A value that is answered in another form than it was sent in."""

    sent: Json
    answered: Json


@dataclass(frozen=True, kw_only=True)
class Animal:
    """A model with a key and one attribute that is of interest, most of the time `value`."""

    name: str  # its table is zoo_<name>
    says: str  # how it is declared, for the page of the documents
    group: str  # the heading below which it stands there
    make: Callable[[], type[Base]]  # maps the class, which is done once
    right: tuple[Json | Answered, ...]  # values for `value`, as JSON has them and in the order of the database
    wrong: tuple[Json, ...] = ()  # each is answered by 422, with a pointer to the field
    beside: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)  # other fields, for each right one
    keys: tuple[Mapping[str, Json], ...] = ()  # of rows whose keys clients choose: the attributes, as JSON has them
    wrong_keys: tuple[Mapping[str, Json], ...] = ()
    on: tuple[Kind, ...] = BOTH
    extension: str = ""  # of PostgreSQL, which has to be there
    sqlite_since: tuple[int, int] = (3, 35)  # the version of SQLite that has it
    postgresql_since: int = 0  # the version of PostgreSQL that has it
    is_compared: bool = True  # filters and orders may name it
    declared: tuple[Json, ...] = ()  # an enum's values in the order of comparisons, where lists have another
    refused: Mapping[Tour, str] = field(default_factory=dict)  # the words with which it is
    note: str = ""  # for the page of the documents

    @cached_property
    def model(self) -> type[Base]:
        return self.make()

    @property
    def fields_of_key(self) -> tuple[str, ...]:
        return tuple(self.keys[0]) if self.keys else ("id",)

    @property
    def _column(self) -> Column[object]:
        column: Column[object] = inspect(self.model).column_attrs["value"].columns[0]
        return column

    @property
    def may_be_null(self) -> bool:
        return bool(self._column.nullable)

    @property
    def is_unique(self) -> bool:
        return bool(self._column.unique)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the attributes that a resource answers."""
        return (*(self.keys[0] if self.keys else ()), "value", *self.beside)

    @property
    def sent(self) -> tuple[Json, ...]:
        return tuple(one.sent if isinstance(one, Answered) else one for one in self.right)

    @property
    def answered(self) -> tuple[Json, ...]:
        return tuple(one.answered if isinstance(one, Answered) else one for one in self.right)


def of_type(
    name: str,
    kind: TypeEngine[Any] | type[TypeEngine[Any]],
    *right: Json | Answered,
    wrong: tuple[Json, ...] = (),
    group: str = "",
    says: str = "",
    on: tuple[Kind, ...] = BOTH,
    extension: str = "",
    sqlite_since: tuple[int, int] = (3, 35),
    is_compared: bool = True,
    declared: tuple[Json, ...] = (),
    refused: Mapping[Tour, str] = NOTHING,
    note: str = "",
) -> Animal:
    """An animal whose `value` is a column of a type, which may be null."""

    def make() -> type[Base]:
        column: MappedColumn[Any] = mapped_column(kind, nullable=True)
        return type(_class_name(name), (IdMixin, ZooBase), {"__tablename__": f"zoo_{name}", "value": column})

    return Animal(
        name=name,
        says=says or (repr(kind) if isinstance(kind, TypeEngine) else kind.__name__),
        group=group,
        make=make,
        right=right,
        wrong=wrong,
        on=on,
        extension=extension,
        sqlite_since=sqlite_since,
        is_compared=is_compared,
        declared=declared,
        refused=refused,
        note=note,
    )


def mapped(
    model: type[Base],
    says: str,
    group: str,
    *right: Json | Answered,
    wrong: tuple[Json, ...] = (),
    beside: Mapping[str, tuple[Json, ...]] = NOTHING_BESIDE,
    keys: tuple[Mapping[str, Json], ...] = (),
    wrong_keys: tuple[Mapping[str, Json], ...] = (),
    on: tuple[Kind, ...] = BOTH,
    is_compared: bool = True,
    refused: Mapping[Tour, str] = NOTHING,
) -> Animal:
    """An animal whose class is written by hand."""
    return Animal(
        name=model.__tablename__.removeprefix("zoo_"),
        says=says,
        group=group,
        make=lambda: model,
        right=right,
        wrong=wrong,
        beside=beside,
        keys=keys,
        wrong_keys=wrong_keys,
        on=on,
        is_compared=is_compared,
        refused=refused,
    )


def _class_name(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))
