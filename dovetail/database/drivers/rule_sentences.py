"""Describe a violated constraint in a sentence for users: its author's message, or one that names its columns.

    CheckConstraint("first <= last", info={"violation_error_message": gettext_lazy("It ends before it begins.")})

Without a message in `info`, the constraint's comment is used. The constraint's name goes to the log only.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlalchemy import CheckConstraint, Column, Constraint, ForeignKeyConstraint, Index, Table, exc
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.schema import ColumnCollectionConstraint

from dovetail.database.drivers.broken_rules import broken_rule, is_called, is_deferred, named_columns, refused_columns
from dovetail.database.drivers.lost_connections import AT_COMMIT
from dovetail.database.drivers.sqlite_broken_keys import BrokenKey, broken_keys
from dovetail.translation.texts import gettext
from dovetail.translation.words import column_in_words

MAXIMUM_NAMES = 10  # foreign keys to list where SQLite does not say which one is violated
MESSAGE = "violation_error_message"  # key in `info`, the name of Django's argument for the same
Rule = Constraint | Index
logger = logging.getLogger(__name__)


def _in_words(column: Column[object]) -> str:
    return gettext(column_in_words(column.key))


def broken_rule_sentence(
    error: object, tables: Sequence[Table], label: Callable[[Column[object]], str] = _in_words
) -> str | None:
    """Return the sentence for a row that the database refused; None if the constraint is unknown or has none.

    `label` returns the name of a column for users.
    """
    rule = next(_broken(error, tables), None)
    if rule is None:
        return None
    logger.info("A row breaks the rule %s.", rule.name)
    said = rule.info.get(MESSAGE) or getattr(rule, "comment", None)
    if said:
        return gettext(said) if isinstance(said, str) else str(said)
    names = ", ".join(dict.fromkeys(map(label, refused_columns(error, tables))))
    return _by_columns(rule, names) if names else None


def is_of_commit(error: exc.DBAPIError, tables: Sequence[Table]) -> bool:
    """Return whether a COMMIT failed, be it that of a statement which is a transaction of its own.

    SQLAlchemy's has no statement; PostgreSQL names the key, and it looks at none that is deferred before.
    """
    if error.statement in {None, "COMMIT"} or AT_COMMIT in getattr(error.orig, "__notes__", ()):
        return True
    rule = next(_broken(error.orig, tables), None)
    return isinstance(rule, ForeignKeyConstraint) and is_deferred(rule)


def lost_at_commit_sentence(error: object, tables: Sequence[Table]) -> str | None:
    """Return the sentence for a COMMIT that failed because of a deferred foreign key; it names the key's columns.

    On SQLite these are the keys that `note_broken_keys` has found, or else all deferred ones; None if they are more
    than MAXIMUM_NAMES.
    """
    rule, noted = next(_broken(error, tables), None), broken_keys(error)
    deferred = [one for table in tables for one in table.foreign_key_constraints if is_deferred(one)]
    known = [one for one in deferred if _named(one) in noted]
    found = [rule] if isinstance(rule, ForeignKeyConstraint) else known or deferred
    if not 0 < len(found) <= MAXIMUM_NAMES:
        return None
    names = ", ".join(sorted({_in_words(element.parent) for one in found for element in one.elements}))
    sentence = (
        gettext("This refers to something that does not exist, or something else still refers to it: %(names)s.")
        if len(found) == 1 or known
        else gettext(
            "This refers to something that does not exist, or something else still refers to it. "
            "It is one of these: %(names)s."
        )
    )
    return sentence % {"names": names}


def _named(key: ForeignKeyConstraint) -> BrokenKey:
    return BrokenKey(key.table.name, tuple(element.parent.name for element in key.elements))


def _by_columns(rule: Rule, names: str) -> str | None:
    if isinstance(rule, ForeignKeyConstraint):
        return None
    if isinstance(rule, ExcludeConstraint):
        return gettext("Something that is already there is in the way of these values: %(names)s.") % {"names": names}
    is_one = ", " not in names
    if isinstance(rule, CheckConstraint):
        sentence = (
            gettext("This value is not allowed here: %(names)s.")
            if is_one
            else gettext("These values do not go together: %(names)s.")
        )
        return sentence % {"names": names}
    is_unique = isinstance(rule, ColumnCollectionConstraint) or (isinstance(rule, Index) and rule.unique)
    if is_unique and not is_one:
        return gettext("Something with these values already exists: %(names)s.") % {"names": names}
    return None


def _broken(error: object, tables: Iterable[Table]) -> Iterator[Rule]:
    """Yield the violated constraint. It is found by its name, or a UNIQUE one on SQLite by its columns."""
    called, named = broken_rule(error), named_columns(error)
    for table in tables:
        rules: list[Rule] = [*table.constraints, *table.indexes]
        for rule in rules:
            if called is not None:
                if is_called(rule, called):
                    yield rule
            elif named and {(table.name, one.name) for one in _unique_columns(rule)} == named:
                yield rule


def _unique_columns(rule: Rule) -> Iterable[Column[object]]:
    is_unique = rule.unique if isinstance(rule, Index) else isinstance(rule, ColumnCollectionConstraint)
    return rule.columns if is_unique and isinstance(rule, Index | ColumnCollectionConstraint) else ()
