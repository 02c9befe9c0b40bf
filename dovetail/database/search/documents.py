"""The document of a full-text index: its columns, its text search configuration, and which columns' words are stored.

It is written as the expression that PostgreSQL indexes, which migrations contain, and can be parsed from it:

    to_tsvector('simple'::regconfig, regexp_replace(coalesce(title, ''), ...)) || content__simple_words

PostgreSQL evaluates an index expression for every new version of a row, even if its texts have not changed; for a page
of text that costs more than the rest of the write. So the words of long texts are stored in generated columns
(`GENERATED ALWAYS AS ... STORED`), which are computed only when the text changes. Such a column belongs to the index,
as the FTS5 tables on SQLite do: no model has it, and only searches read it.
(https://www.postgresql.org/docs/current/ddl-generated-columns.html)
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, cast

from sqlalchemy import ColumnElement, column, func, literal_column, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

# PostgreSQL parses `example.com` as one word and FTS5 as two, so these characters are replaced by spaces for both.
MARKS = r"""[]!"#$%&''()*+,./:;<=>?@[\\^_`{|}~-]+"""  # a regular expression, escaped for SQL
SHORT = 255  # characters: parsing texts up to this length costs next to nothing
LONGEST_NAME = 63  # bytes, https://www.postgresql.org/docs/current/limits.html
_STORED = re.compile(r"(?P<column>.+)__(?P<config>\w+)_words")
_CONFIG = re.compile(r"to_tsvector\('(\w+)'")
_SPACED = re.compile(r"regexp_replace\(|translate\(")
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_COLUMN = re.compile(
    r"coalesce\(\s*\(*(?:[\w\"]+\.)?(\"(?:[^\"]|\"\")+\"|\w+)\)*(?:::[\w ]+)?\s*,"
    r"|(\"(?:[^\"]|\"\")+_words\"|\w+_words)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Document:
    """The columns whose words are searched, and the text search configuration by which PostgreSQL parses them.

    `translates` marks an index of an earlier Dovetail version, which made writes several times as expensive. The words
    of the columns in `stored` are kept in generated columns, on PostgreSQL only.
    """

    columns: tuple[str, ...]
    config: str
    translates: bool = False
    stored: frozenset[str] = field(default=frozenset(), compare=False)

    def expression(self, columns: Sequence[ColumnElement[object]]) -> ColumnElement[object]:
        """Return the expression that PostgreSQL indexes; `columns` are the document's columns in a table or alias."""
        parts: list[ColumnElement[object]] = []
        named = zip(self.columns, columns, strict=True)
        for is_stored, group in groupby(named, key=lambda one: one[0] in self.stored):
            found = [each for _, each in group]
            parts += (
                [_StoredWords(each, literal_column(self.config)) for each in found]
                if is_stored
                else [self.words(found)]
            )
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.op("||")(part)
        return whole

    def words(self, columns: Sequence[ColumnElement[object]]) -> ColumnElement[object]:
        """Return the expression that parses the words of columns from their texts."""
        # text(), since SQLAlchemy would take a literal_column for a column, and look for its table.
        words: Any = func.coalesce(columns[0], text("''"))
        for one in columns[1:]:
            words = words.concat(text("' '")).concat(func.coalesce(one, text("''")))
        # Not translate(), which compares each character of the text with each of the marks.
        spaced = func.regexp_replace(words, text(f"'{MARKS}'"), text("' '"), text("'g'"))
        parts = text(f"'{self.config}'::regconfig"), spaced
        found: ColumnElement[object] = postgresql.to_tsvector(*parts)  # type: ignore[attr-defined,no-untyped-call]  # documented
        return found

    def is_kept_as(self, other: "Document | None") -> bool:
        """Return True if another document is equal and has the same generated columns on PostgreSQL."""
        return other == self and other.stored == self.stored


class _StoredWords(FunctionElement[object]):
    """The generated column of words, in the table or alias of its text column; made of that column and the config."""

    type = cast("TypeEngine[object]", postgresql.TSVECTOR())
    inherit_cache = True


def stored_columns(lengths: Iterable[tuple[str, int | None]], config: str) -> frozenset[str]:
    """Return the columns whose words are stored, given pairs of name and maximum length (None for no maximum)."""
    long = [name for name, length in lengths if length is None or length > SHORT]
    return frozenset(name for name in long if _can_be_named(name, config))


def words_column(name: str, config: str) -> str:
    """Return the name of the generated column with the words of a text column."""
    return f"{name}__{config}_words"


def column_of_words(name: str) -> tuple[str, str] | None:
    """Return the text column and the config of a generated column of words; None for the name of any other column."""
    found = _STORED.fullmatch(name)
    return None if found is None else (found["column"], found["config"])


def read_expression(written: str) -> Document | None:
    """Return the document of an index expression as a migration or PostgreSQL writes it; None for any other."""
    config, made = _CONFIG.search(written), _SPACED.search(written)
    columns, stored = list[str](), set[str]()
    configs = {config[1]} if config is not None and made is not None else set[str]()
    for plain, words in _COLUMN.findall(_LITERAL.sub("''", written)):
        of = column_of_words(_unquoted(words))
        if of is not None:
            stored.add(of[0])
            configs.add(of[1])
        if plain or of is not None:
            columns.append(_unquoted(plain) if of is None else of[0])
    if len(configs) != 1 or not columns:
        return None
    translates = made is not None and made[0] == "translate("
    return Document(tuple(columns), configs.pop(), translates, frozenset(stored))


def _can_be_named(name: str, config: str) -> bool:
    words = words_column(name, config)
    return len(words.encode()) <= LONGEST_NAME and column_of_words(words) == (name, config)


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


@compiles(_StoredWords)
def _stored_words(element: _StoredWords, compiler: SQLCompiler, **kwargs: object) -> str:
    text_column, config = element.clauses
    words: ColumnElement[object] = column(words_column(text_column.name, str(config)), _selectable=text_column.table)
    return compiler.process(words, **kwargs)
