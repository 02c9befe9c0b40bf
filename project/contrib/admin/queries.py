"""The pieces of the statements behind lists: search, order, count."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqladmin.helpers import get_primary_keys
from sqlalchemy import ColumnElement, Select, String, and_, cast, false, func, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import Label

from project.contrib.admin.readers import is_text
from project.contrib.admin.relations import leads_to
from project.contrib.admin.rights import EVERYTHING, Rights

MAXIMUM_TERM = 200  # characters of a search that are looked at
MAXIMUM_VALUE = 1_000  # characters of what a filter compares with


def search(statement: Select[Any], model: type[Any], fields: Sequence[str], term: str, rights: Rights) -> Select[Any]:
    """Keep the rows in which every word of `term` stands in one of `fields` (`title`, `author.username`).

    Letters match whatever their case; % and _ are letters like others. A row without the related object stays in; a
    related object that the user may not know of is not looked at.
    """
    for word in term[:MAXIMUM_TERM].replace("\0", " ").split():
        statement = statement.where(or_(false(), *(contains(model, field, word, rights) for field in fields)))
    return statement


def contains(model: type[Any], field: str, word: str, rights: Rights) -> ColumnElement[bool]:
    """The condition that the column at the end of a path holds `word`."""
    name, _, rest = field.partition(".")
    attribute = getattr(model, name)
    if rest:
        target = attribute.property.mapper.class_
        return leads_to(attribute, and_(rights.visible(target), contains(target, rest, word, rights)))
    column = attribute if is_text(attribute.type) else cast(attribute, String)
    return column.icontains(word, autoescape=True)


def order(statement: Select[Any], model: type[Any], fields: Iterable[tuple[str, bool]], rights: Rights) -> Select[Any]:
    """Order by paths, each with whether it descends, then by primary key, so that no row shows on two pages.

    The key goes in the direction of the last path, so that one index serves both.

    Related tables are joined from the left: rows without the related object come last, and among them those whose
    related object the user may not know of.
    """
    descending = False
    for field, descending in fields:
        *relations, name = field.split(".")
        entity: Any = model
        for relation in relations:
            attribute = getattr(entity, relation)
            visible = rights.visible(attribute.property.mapper.class_)
            target = aliased(attribute.property.mapper.class_)
            joined = attribute.of_type(target)
            statement = statement.outerjoin(joined if visible is EVERYTHING else joined.and_(visible))
            entity = target
        column = getattr(entity, name)
        may_be_null = relations or _may_be_null(column)
        # What a column_property computes is ordered by itself, not by the name it is selected under.
        column = column.expression.element if isinstance(column.expression, Label) else column
        direction = column.desc() if descending else column.asc()
        statement = statement.order_by(direction.nulls_last() if may_be_null else direction)
    return statement.order_by(*(key.desc() if descending else key for key in get_primary_keys(model)))


def _may_be_null(attribute: Any) -> bool:
    # Hybrids and what a column_property computes say nothing about it.
    columns = getattr(getattr(attribute, "property", None), "columns", ())
    return any(getattr(column, "nullable", True) for column in columns) or not columns


def count_rows(statement: Select[Any], model: type[Any]) -> Select[int]:
    """The statement that counts what `statement` selects, without its order and its columns."""
    keys = statement.with_only_columns(*get_primary_keys(model), maintain_column_froms=True).order_by(None)
    return select(func.count()).select_from(keys.subquery())
