"""The pieces of the statements behind lists and pages: identifiers, search, order, loading."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqladmin.helpers import get_primary_keys, object_identifier_values
from sqlalchemy import ColumnElement, Select, String, and_, cast, false, func, inspect, or_, select, tuple_
from sqlalchemy.orm import Mapper, aliased, selectinload
from sqlalchemy.orm.interfaces import ORMOption

MAXIMUM_TERM = 200  # characters of a search that are looked at
MAXIMUM_VALUE = 1_000  # characters of what a filter compares with
LARGEST_INTEGER = 2**63 - 1


def has_identifier(model: type[Any], identifier: str) -> ColumnElement[bool]:
    """The condition that a row has this primary key (`12`, or `3;7` for a composite one); false for what is no key."""
    values = parse_identifier(model, identifier)
    if values is None:
        return false()
    return and_(*(column == value for column, value in zip(get_primary_keys(model), values, strict=True)))


def have_identifiers(model: type[Any], identifiers: Iterable[str]) -> ColumnElement[bool]:
    """The condition that a row has one of these primary keys; what is no key is left out."""
    values = [parsed for one in identifiers if (parsed := parse_identifier(model, one)) is not None]
    keys = get_primary_keys(model)
    if not values:
        return false()
    return keys[0].in_([value[0] for value in values]) if len(keys) == 1 else tuple_(*keys).in_(values)


def parse_identifier(model: type[Any], identifier: str) -> tuple[Any, ...] | None:
    """The values of the primary key that `identifier` names, or None if it cannot be one."""
    try:
        values = object_identifier_values(identifier, model)
    except (ArithmeticError, TypeError, ValueError):
        return None
    if any(isinstance(value, str) and "\0" in value for value in values):
        return None
    if any(isinstance(value, int) and abs(value) > LARGEST_INTEGER for value in values):
        return None
    return values


def search(statement: Select[Any], model: type[Any], fields: Sequence[str], term: str) -> Select[Any]:
    """Keep the rows in which every word of `term` stands in one of `fields` (`title`, `author.username`).

    Letters match whatever their case; % and _ are letters like others. A row without the related object stays in.
    """
    for word in term[:MAXIMUM_TERM].replace("\0", " ").split():
        statement = statement.where(or_(false(), *(contains(model, field, word) for field in fields)))
    return statement


def contains(model: type[Any], field: str, word: str) -> ColumnElement[bool]:
    """The condition that the column at the end of a path holds `word`."""
    name, _, rest = field.partition(".")
    attribute = getattr(model, name)
    if rest:
        condition = contains(attribute.property.mapper.class_, rest, word)
        return attribute.any(condition) if attribute.property.uselist else attribute.has(condition)  # type: ignore[no-any-return]  # SQLAlchemy types neither
    column = attribute if isinstance(attribute.type, String) else cast(attribute, String)
    return column.icontains(word, autoescape=True)


def order(statement: Select[Any], model: type[Any], fields: Iterable[tuple[str, bool]]) -> Select[Any]:
    """Order by paths, each with whether it descends, then by primary key, so that no row shows on two pages.

    Related tables are joined from the left: rows without the related object come last.
    """
    for field, descending in fields:
        *relations, name = field.split(".")
        entity: Any = model
        for relation in relations:
            target = aliased(getattr(entity, relation).property.mapper.class_)
            statement = statement.outerjoin(getattr(entity, relation).of_type(target))
            entity = target
        column = getattr(entity, name)
        direction = column.desc() if descending else column.asc()
        may_be_null = relations or getattr(model, name).property.columns[0].nullable
        statement = statement.order_by(direction.nulls_last() if may_be_null else direction)
    return statement.order_by(*get_primary_keys(model))


def loading(model: type[Any], fields: Iterable[str]) -> list[ORMOption]:
    """The options that load the relations on `fields` with one statement each, however many rows there are."""
    options: list[ORMOption] = []
    for field in fields:
        mapper: Mapper[Any] = inspect(model)
        option: Any = None
        for name in field.split("."):
            if name not in mapper.relationships:
                break
            attribute = getattr(mapper.class_, name)
            option = selectinload(attribute) if option is None else option.selectinload(attribute)
            mapper = mapper.relationships[name].mapper
        if option is not None:
            options.append(option)
    return options


def count_rows(statement: Select[Any], model: type[Any]) -> Select[int]:
    """The statement that counts what `statement` selects, without its order and its columns."""
    keys = statement.with_only_columns(*get_primary_keys(model), maintain_column_froms=True).order_by(None)
    return select(func.count()).select_from(keys.subquery())
