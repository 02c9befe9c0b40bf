"""Keys that SQLite never uses twice: AUTOINCREMENT, kept with its counter when a table is rebuilt.

Without it SQLite gives a new row the key of the newest one that was deleted. (https://sqlite.org/autoinc.html)
"""

import re
from collections.abc import Callable, Iterator, Sequence

from alembic.operations.batch import BatchOperationsImpl
from sqlalchemy import Table
from sqlalchemy.sql.elements import conv

Rows = Callable[..., Sequence[Sequence[str]]]  # runs a SELECT, with parameters by name
OPTION = "sqlite_autoincrement"  # SQLAlchemy's name for it
_KEYWORD = re.compile(r"\bPRIMARY\s+KEY(\s+ASC|\s+DESC)?(\s+ON\s+CONFLICT\s+\w+)?\s+AUTOINCREMENT\b", re.IGNORECASE)
_TEXTS = re.compile(r"'(?:[^']|'')*'")


def never_reuses_keys(rows: Rows, table: str) -> bool:
    """Return True if a table of the database has AUTOINCREMENT."""
    made_by = rows("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name", name=table)
    return bool(made_by) and _KEYWORD.search(_TEXTS.sub("", str(made_by[0][0]))) is not None


def never_reuse_keys(table: Table) -> None:
    """Give a table AUTOINCREMENT if the database counts its keys up.

    A script of SQL makes tables so at once: it cannot look at them later, to make them anew.
    """
    # Imported here: hardly a migration needs the ORM.
    from dovetail.database.models import never_reuse_keys as set_option

    set_option(table)


def changes_it(rows: Rows, batch: BatchOperationsImpl) -> bool:
    """Return True if a batch gives a table the option, or takes it, and the table is not so yet."""
    return bool(batch.table_kwargs[OPTION]) != never_reuses_keys(rows, batch.table_name)


def carry_over(rows: Rows, table: str, options: dict[str, object], new_table: Table) -> None:
    """Give the table that takes the place of `table` the option as `options` say, or else as it was."""
    wanted = bool(options.get(OPTION, never_reuses_keys(rows, table)))
    new_table.dialect_options["sqlite"]["autoincrement"] = wanted
    if not wanted and new_table.primary_key.name is None:  # beside AUTOINCREMENT a key has no name
        # Imported here: hardly a migration needs the ORM.
        from dovetail.database.models import NAMING_CONVENTION

        new_table.primary_key.name = conv(NAMING_CONVENTION["pk"] % {"table_name": table})


def keeping_count(rows: Rows, table: str) -> Iterator[str]:
    """Return the statements that let a table that was made anew go on counting where it was."""
    if not rows("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"):
        return
    for (count,) in rows("SELECT seq FROM sqlite_sequence WHERE name = :name", name=table):
        name = table.replace("'", "''")
        yield f"DELETE FROM sqlite_sequence WHERE name = '{name}'"  # noqa: S608 - a name of the schema
        yield f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{name}', {count})"  # noqa: S608 - see above
