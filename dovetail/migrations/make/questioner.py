"""Ask the author of a change what only they know, as Django's questioner does."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import ClauseElement
from sqlalchemy.types import TypeEngine

ServerDefault = str | ClauseElement  # what SQLAlchemy takes as one


class Questioner(Protocol):
    """Asks them; `manage.py makemigrations` asks on the terminal."""

    def is_rename(self, table: str, old: str, new: str) -> bool:
        """Return True if the column `old`, which is gone, was renamed to `new`."""

    def is_table_rename(self, old: str, new: str) -> bool:
        """Return True if the table `old`, which is gone, was renamed to `new`, which has the same columns."""

    def one_off_default(self, table: str, column: str, read: Callable[[str], ServerDefault]) -> ServerDefault | None:
        """Return the value of existing rows in a new column that takes no NULL; None if there are no rows.

        `read` makes a default of what somebody typed, or raises ValueError.
        """

    def conversion(self, table: str, column: str, new: TypeEngine[object], cast: str) -> str:
        """Return the expression that makes values of the type `new` of those in a column; `cast` is PostgreSQL's."""


class SafeAnswers:
    """Gives the answers that assume nothing, and keeps a note of each."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def is_rename(self, table: str, old: str, new: str) -> bool:
        """Return False: only its author can know."""
        self.notes.append(
            f"{table}.{old} is dropped and {table}.{new} added, with the loss of its values; if it was renamed, "
            "delete the file and run makemigrations without --noinput"
        )
        return False

    def is_table_rename(self, old: str, new: str) -> bool:
        """Return False: only its author can know."""
        self.notes.append(
            f"{old} is dropped and {new} made with the same columns, with the loss of its rows; if it was renamed, "
            "delete the file and run makemigrations without --noinput"
        )
        return False

    def one_off_default(self, table: str, column: str, read: Callable[[str], ServerDefault]) -> ServerDefault | None:  # noqa: ARG002 - nothing is typed
        """Return None and note it: the migration then fails on a table with rows, and changes nothing."""
        self.notes.append(
            f"{table}.{column} takes no NULL and has no server default: the migration fails where {table} has rows; "
            "give it a server_default, or run makemigrations without --noinput"
        )
        return None

    def conversion(self, table: str, column: str, new: TypeEngine[object], cast: str) -> str:
        """Return PostgreSQL's cast and note it: the migration fails on a value that it does not take."""
        self.notes.append(
            f"{table}.{column} becomes {new}, of what it holds by the cast {cast}; if another expression is meant, "
            "write it into the file as postgresql_using"
        )
        return cast
