"""The search, the order and the count of a list, as statements."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Select, String, and_, cast, false, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import Label

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.columns.readers import is_text
from dovetail.contrib.admin.lists.relations import leads_to
from dovetail.contrib.admin.permissions import EVERYTHING, Rights
from dovetail.database.search.narrowing import Among, Narrowing
from dovetail.database.search.search import FullText

MAXIMUM_TERM = 200  # characters of a search that are looked at
FREQUENT = 3_000  # rows with a word, from which on PostgreSQL is quicker to look at rows than to gather those
MAXIMUM_VALUE = 1_000  # characters of what a filter compares with


@dataclass(frozen=True, kw_only=True)
class Search:
    """Looks for words in the columns on `fields` (`title`, `author.username`), and by an index if there is one.

    Letters match whatever their case; % and _ are letters like others. What a user may not know of is not looked at.
    """

    model: type[Any]
    fields: Sequence[str]
    rights: Rights
    full_text: FullText | None = None
    frequent: Collection[str] = ()

    def keep(self, statement: Select[Any], term: str, dialect: Dialect) -> Select[Any]:
        """Keep the rows in which every word of `term` stands somewhere."""
        for word in words_of(term):
            statement = statement.where(self._holds(word, dialect))
        return statement

    def _holds(self, word: str, dialect: Dialect) -> ColumnElement[bool]:
        alternatives = [contains(self.model, field, word, self.rights) for field in self.fields]
        if self.full_text is None:
            return or_(false(), *alternatives)
        matches = self.full_text.matches(self.model, word)
        if word in self.frequent or not isinstance(matches, Narrowing):
            return or_(matches, *alternatives)
        # An index answers no OR with something else in it: each alternative gives the keys that it finds.
        (key,) = primary_keys(self.model)
        found = (select(key).select_from(self.model).where(one).correlate(None) for one in alternatives)
        keys = union_all(matches.keys(dialect), *found) if alternatives else matches.keys(dialect)
        return Among(key, keys.scalar_subquery())


def words_of(term: str) -> list[str]:
    """Return the words of a search, of which only the first MAXIMUM_TERM characters count."""
    return term[:MAXIMUM_TERM].replace("\0", " ").split()


async def frequent_words(session: AsyncSession, model: type[Any], full_text: FullText, term: str) -> set[str]:
    """Return the words of `term` that more than FREQUENT rows hold. SQLite gathers them as quickly as others."""
    dialect, words = session.get_bind().dialect, words_of(term)
    if dialect.name == "sqlite" or not words:
        return set()
    matches = [full_text.matches(model, word) for word in words]
    found = [one.keys(dialect).limit(FREQUENT + 1).subquery() for one in matches if isinstance(one, Narrowing)]
    counts = [select(func.count()).select_from(one).scalar_subquery() for one in found]
    row = (await session.execute(select(*counts))).one()
    return {word for word, count in zip(words, row, strict=True) if count > FREQUENT}


def contains(model: type[Any], field: str, word: str, rights: Rights) -> ColumnElement[bool]:
    """Return the condition that the column at the end of a path holds `word`."""
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
    return statement.order_by(*(key.desc() if descending else key for key in primary_keys(model)))


def _may_be_null(attribute: Any) -> bool:
    # Hybrids and what a column_property computes say nothing about it.
    columns = getattr(getattr(attribute, "property", None), "columns", ())
    return any(getattr(column, "nullable", True) for column in columns) or not columns


def count_rows(statement: Select[Any], model: type[Any]) -> Select[int]:
    """Return the statement that counts what `statement` selects, without its order and its columns."""
    keys = statement.with_only_columns(*primary_keys(model), maintain_column_froms=True).order_by(None)
    return select(func.count()).select_from(keys.subquery())
