"""Paths such as `tags__name`: a column of the model, or of a related model."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Exists, and_, false, func, inspect, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Mapper, aliased
from sqlalchemy.orm.util import AliasedClass
from sqlalchemy.types import TypeEngine

from dovetail.database.models import related
from dovetail.database.search.selective_conditions import SelectiveCondition
from dovetail.errors import ConfigurationError
from dovetail.resources.query.computed import uncompared

Criteria = Mapping[str, ColumnElement[bool]]
Build = Callable[[Any], ColumnElement[bool]]  # makes a condition of a column
Related = Callable[[InstrumentedAttribute[object], ColumnElement[bool]], ColumnElement[bool]]


@dataclass(frozen=True)
class Path:
    """A column, and the relations that lead to it from a model."""

    name: str  # author__username
    relations: tuple[InstrumentedAttribute[object], ...]
    attribute: InstrumentedAttribute[object]

    @property
    def field(self) -> str:
        """The name of the field in a response: `author.username`."""
        return self.name.replace("__", ".")

    @property
    def type(self) -> TypeEngine[object]:
        """The type of the column."""
        found: TypeEngine[object] = self.attribute.type
        return found

    @property
    def column(self) -> Column[object] | None:
        """The column of the rows' own table; None for a column of another table, and for a computed one."""
        columns = () if self.relations else getattr(getattr(self.attribute, "property", None), "columns", ())
        return next((column for column in columns if isinstance(column, Column)), None)

    @property
    def is_nullable(self) -> bool:
        """True if there may be no value, because the column allows null or a relation leads nowhere."""
        # Hybrids and column properties do not tell, so they count as nullable.
        columns = getattr(getattr(self.attribute, "property", None), "columns", ())
        return bool(self.relations) or not columns or any(getattr(column, "nullable", True) for column in columns)

    def where(
        self,
        build: Build,
        visible: Criteria,
        *,
        of_null: bool = False,
        related: Related = related,
    ) -> ColumnElement[bool]:
        """Return the condition that `build(column)` holds; across relations, that it holds for a visible related row.

        `visible` are the conditions on related rows by relation. `of_null` says that `build` may hold for null;
        `related` makes the condition that a relation leads to a row.
        """
        names, depth = [relation.key for relation in self.relations], len(self.relations)
        condition = build(self.attribute)
        foreign_key = None if of_null or not depth or ".".join(names[:depth]) in visible else self._foreign_key()
        if foreign_key is not None:  # its value suffices: the related row need not be joined
            condition, depth = build(foreign_key), depth - 1
        for relation, end in reversed(list(zip(self.relations[:depth], range(1, depth + 1), strict=True))):
            shown = visible.get(".".join(names[:end]))
            condition = related(relation, condition if shown is None else and_(shown, condition))
        return condition

    def where_empty(self, build: Build, visible: Criteria, *, related: Related = related) -> ColumnElement[bool]:
        """Return the condition that `build(column)` holds, or that a relation leads to no visible row, as in Django.

        `build` makes a condition that is never unknown, such as `IS NULL`. If a row has several related rows, it
        suffices that the condition holds for one of them.
        """
        condition = build(self.attribute)
        for depth, relation in reversed(list(enumerate(self.relations, 1))):
            shown = visible.get(".".join(one.key for one in self.relations[:depth]), true())
            if relation.property.uselist:
                found = related(relation, and_(shown, condition))
                condition = or_(found, _is_false(related(relation, shown)))
            else:  # one subquery instead of two
                condition = _is_false(related(relation, and_(shown, not_(condition))))
        return condition

    def value(self, visible: Criteria) -> ColumnElement[object]:
        """Return the value itself, for an ORDER BY; all relations of the path are to one row."""
        if not self.relations:
            return self.attribute  # type: ignore[return-value]  # an attribute is a column expression
        return self._value_from(self.relations[0].class_, 0, visible)

    def _value_from(self, source: Any, depth: int, visible: Criteria) -> ColumnElement[object]:
        """Return the value at the end of the path as a subquery that is correlated with `source`."""
        names, mapped = self.name.split("__"), self.relations[depth].property
        target = aliased(mapped.mapper.class_)
        is_last = depth == len(self.relations) - 1
        value = getattr(target, names[-1]) if is_last else self._value_from(target, depth + 1, visible)
        conditions = [
            getattr(target, _key(target, remote)) == (getattr(source, _key(source, local)) if depth else local)
            for local, remote in mapped.local_remote_pairs
        ]
        shown = visible.get(".".join(names[: depth + 1]))
        if shown is not None:
            conditions.append(_seen_through(mapped.mapper.class_, target, shown))
        found: ColumnElement[object] = select(value).where(*conditions).correlate(source).scalar_subquery()
        return found

    def _foreign_key(self) -> object:
        """Return the foreign key with the same value as the path's column; None if there is none."""
        mapped = self.relations[-1].property
        columns = getattr(getattr(self.attribute, "property", None), "columns", ())
        (column,) = columns[:1] or (None,)
        if mapped.secondary is not None or mapped.uselist or len(mapped.local_remote_pairs) != 1:
            return None
        ((local, remote),) = mapped.local_remote_pairs
        return local if remote is column and any(key.column is remote for key in local.foreign_keys) else None


def resolve(model: type[object], name: str) -> Path:
    """Return the path called `name` from `model`. Raise ConfigurationError, with the names there are, for no path."""
    mapper: Mapper[object] = inspect(model)
    *steps, last = name.split("__")
    for step in steps:
        if step not in mapper.relationships:
            raise _nowhere(name, step, mapper, mapper.relationships.keys())
        mapper = mapper.relationships[step].mapper
    last = mapper.synonyms[last].name if last in mapper.synonyms else last
    if last not in mapper.column_attrs:
        raise _nowhere(name, last, mapper, mapper.column_attrs.keys())
    return walk(model, [*steps, last])


def resolve_compared(model: type[object], name: str) -> Path:
    """Return the path called `name` from `model`, at whose end a hybrid property with SQL of a known type may stand.

    Raise ConfigurationError, with what to do, for any other.
    """
    *steps, last = name.split("__")
    try:
        return resolve(model, name)
    except ConfigurationError:
        owner: Mapper[object] = inspect(model)
        for step in steps:
            if step not in owner.relationships:
                raise
            owner = owner.relationships[step].mapper
        problem = uncompared(owner, last)
        if problem is None:
            return walk(model, [*steps, last])
        if not problem:
            raise
        raise ConfigurationError(f"{name!r} cannot be compared: {owner.class_.__name__}.{last} {problem}") from None


def walk(model: type[object], names: Sequence[str]) -> Path:
    """Return the path of relations with a column, a hybrid or a synonym at its end."""
    *steps, last = names
    relations: list[InstrumentedAttribute[object]] = []
    for step in steps:
        relation = getattr(model, step)
        relations.append(relation)
        model = relation.property.mapper.class_
    return Path("__".join(names), tuple(relations), getattr(model, last))


def _is_false(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    plain = condition.walk if isinstance(condition, SelectiveCondition) else condition
    if isinstance(plain, Exists):  # PostgreSQL makes an anti-join of its negation
        return not_(plain)
    return not_(func.coalesce(plain, false()))  # an IN is unknown for NULL


def _seen_through(
    model: type[object], target: AliasedClass[object], visible: ColumnElement[bool]
) -> ColumnElement[bool]:
    # `visible` is about the model's own table, the subquery about an alias of it: they are compared by key.
    keys = inspect(model).primary_key
    twin = select(*keys).where(visible, *(getattr(target, _key(target, key)) == key for key in keys))
    return twin.correlate(target).exists()


def _key(entity: object, column: object) -> str:
    return str(inspect(entity).mapper.get_property_by_column(column).key)


def _nowhere(name: str, step: str, mapper: Mapper[object], known: Iterable[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{name!r} leads nowhere: {mapper.class_.__name__} has no {step!r}, expected one of {', '.join(sorted(known))}"
    )
