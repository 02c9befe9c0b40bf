"""Search a list for words in some columns, by LIKE or by a full-text index."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Dialect, String, and_, cast, false, func, or_, select, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.columns.readers import is_text
from dovetail.contrib.admin.lists.relations import leads_to
from dovetail.contrib.admin.permissions import Rights
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.search.search import FullText
from dovetail.database.search.selective_conditions import InSubquery, SelectiveCondition
from dovetail.resources.query.paths import walk

MAXIMUM_TERM = 200  # maximum characters of a search; the rest is ignored
SIGNS = "^=@"  # prefixes of columns: starts with, equals, full text, as in Django
PART = re.compile(r'"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+|"(?=[^"]*$))')
FREQUENT = 3_000  # number of rows with a word from which a scan is faster on PostgreSQL than collecting them
MAXIMUM_VALUE = 1_000  # maximum characters of a filter's value


@dataclass(frozen=True, kw_only=True)
class ListSearch:
    """Searches for words in the columns in `fields` (`title`, `author.username`), by an index if there is one.

    The search ignores case; % and _ are literal. Related objects that the user may not view do not match.
    """

    model: type[object]
    fields: Sequence[str]
    rights: Rights
    full_text: FullText | None = None
    frequent: Collection[str] = ()

    def keep(self, statement: AnySelect, term: str, dialect: Dialect) -> AnySelect:
        """Return the rows that contain every word of `term`."""
        for word in words_of(term):
            statement = statement.where(self._holds(word, dialect))
        return statement

    def _holds(self, word: str, dialect: Dialect) -> ColumnElement[bool]:
        alternatives = [contains(self.model, field, word, self.rights) for field in self.fields]
        if self.full_text is None:
            return or_(false(), *alternatives)
        matches = self.full_text.matches(self.model, word)
        if " " in word:  # the index has the words of a phrase, but not their order
            columns = (contains(self.model, name, word, self.rights) for name in self.full_text.columns)
            return or_(and_(matches, or_(*columns)), *alternatives)
        if word in self.frequent or not isinstance(matches, SelectiveCondition):
            return or_(matches, *alternatives)
        # No index serves an OR with other conditions: each alternative is a subquery of keys.
        (key,) = primary_keys(self.model)
        found = (select(key).select_from(self.model).where(one).correlate(None) for one in alternatives)
        keys = union_all(matches.keys(dialect), *found) if alternatives else matches.keys(dialect)
        return InSubquery(key, keys.scalar_subquery())


def words_of(term: str) -> list[str]:
    """Return the words and the "quoted phrases" of a search, of which only the first MAXIMUM_TERM characters count."""
    found = PART.finditer(term[:MAXIMUM_TERM].replace("\0", " "))
    parts = (" ".join((part["phrase"] or part["word"] or "").split()) for part in found)
    return list(filter(None, parts))


def bare(field: str) -> str:
    """Return the path of an entry of `search_fields`, without its prefix."""
    return field.lstrip(SIGNS)


async def frequent_words(session: AsyncSession, model: type[object], full_text: FullText, term: str) -> set[str]:
    """Return the words of `term` that more than FREQUENT rows contain; none on SQLite, where it makes no difference."""
    dialect, words = session.get_bind().dialect, words_of(term)
    if dialect.name == "sqlite" or not words:
        return set()
    matches = [full_text.matches(model, word) for word in words]
    found = [one.keys(dialect).limit(FREQUENT + 1).subquery() for one in matches if isinstance(one, SelectiveCondition)]
    counts = [select(func.count()).select_from(one).scalar_subquery() for one in found]
    row = (await session.execute(select(*counts))).one()
    return {word for word, count in zip(words, row, strict=True) if count > FREQUENT}


def contains(model: type[object], field: str, word: str, rights: Rights) -> ColumnElement[bool]:
    """Return the condition that the column of a path contains `word`, starts with it (^) or equals it (=)."""
    path = walk(model, bare(field).split("."))

    def holds(column: Any) -> ColumnElement[bool]:
        # Compared as text, since the type of the column could not convert a part of one.
        text = type_coerce(column, String) if is_text(column.type) else cast(column, String)
        if field.startswith("="):
            return func.lower(text) == func.lower(word)
        search = text.istartswith if field.startswith("^") else text.icontains
        found: ColumnElement[bool] = search(word, autoescape=True)
        return found

    return path.where(holds, rights.criteria(model, path), related=leads_to)
