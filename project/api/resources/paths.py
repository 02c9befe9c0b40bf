"""Names such as `tags__name`: a column of the model, or of what its relations lead to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Mapper, aliased
from sqlalchemy.types import TypeEngine

from project.errors import ConfigurationError

Criteria = Mapping[str, ColumnElement[bool]]


@dataclass(frozen=True)
class Path:
    """A column, and the relations that lead to it from a model."""

    name: str  # author__username
    relations: tuple[InstrumentedAttribute[Any], ...]
    attribute: InstrumentedAttribute[Any]

    @property
    def field(self) -> str:
        """How fields are named in an answer: `author.username`."""
        return self.name.replace("__", ".")

    @property
    def type(self) -> TypeEngine[Any]:
        """The type of the column."""
        found: TypeEngine[Any] = self.attribute.type
        return found

    @property
    def is_nullable(self) -> bool:
        """Whether there may be no value, because the column allows null or a relation leads nowhere."""
        return bool(self.relations) or any(getattr(c, "nullable", True) for c in self.attribute.property.columns)

    def where(self, build: Callable[[Any], ColumnElement[bool]], related: Criteria) -> ColumnElement[bool]:
        """The rows for which `build(column)` holds; across relations, for one that `related` does not hide."""
        condition = build(self.attribute)
        names = self.name.split("__")
        for depth in range(len(self.relations), 0, -1):
            relation = self.relations[depth - 1]
            visible = related.get(".".join(names[:depth]))
            inner = condition if visible is None else and_(visible, condition)
            condition = relation.any(inner) if relation.property.uselist else relation.has(inner)
        return condition

    def value(self, related: Criteria) -> ColumnElement[Any]:
        """The value itself, for an ORDER BY; relations on the way lead to one row each."""
        if not self.relations:
            return self.attribute  # type: ignore[return-value]  # an attribute is a column expression
        first = aliased(self.relations[0].property.mapper.class_)
        statement = select(getattr(first, self.name.split("__")[1])) if len(self.relations) == 1 else None
        if statement is None:
            raise ConfigurationError(f"cannot order by {self.name!r}: only one relation may stand in between")
        relation = self.relations[0]
        joined = relation.of_type(first)
        key = joined.property.local_remote_pairs
        conditions = [getattr(first, _key(first, remote)) == local for local, remote in key]
        visible = related.get(self.name.split("__")[0])
        if visible is not None:
            conditions.append(self._seen_through(first, visible))
        return statement.where(*conditions).correlate(relation.class_).scalar_subquery()

    def _seen_through(self, target: Any, visible: ColumnElement[bool]) -> ColumnElement[bool]:
        # The criterion speaks of the model's table, the subquery of an alias of it.
        model = self.relations[0].property.mapper.class_
        keys = inspect(model).primary_key
        twin = select(*keys).where(visible, *(getattr(target, _key(target, key)) == key for key in keys))
        return twin.correlate(target).exists()


def resolve(model: type[Any], name: str) -> Path:
    """The path called `name`, from `model`. Raises ConfigurationError, naming what there is, if it leads nowhere."""
    mapper: Mapper[Any] = inspect(model)
    relations: list[InstrumentedAttribute[Any]] = []
    *steps, last = name.split("__")
    for step in steps:
        if step not in mapper.relationships:
            raise _nowhere(name, step, mapper, mapper.relationships.keys())
        relations.append(getattr(mapper.class_, step))
        mapper = mapper.relationships[step].mapper
    if last not in mapper.column_attrs:
        raise _nowhere(name, last, mapper, mapper.column_attrs.keys())
    return Path(name, tuple(relations), getattr(mapper.class_, last))


def _key(entity: Any, column: Any) -> str:
    return str(inspect(entity).mapper.get_property_by_column(column).key)


def _nowhere(name: str, step: str, mapper: Mapper[Any], known: Any) -> ConfigurationError:
    return ConfigurationError(
        f"{name!r} leads nowhere: {mapper.class_.__name__} has no {step!r}, expected one of {', '.join(sorted(known))}"
    )
