"""Run what a rule said and what it says in the database at hand: the keys of the rows that a role gained and lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    URL,
    Boolean,
    ColumnElement,
    Integer,
    and_,
    exists,
    false,
    func,
    inspect,
    literal_column,
    not_,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import FromClause

from dovetail.contrib.auth.models import Group, User, users_groups
from dovetail.contrib.auth.rules.difference import Difference, Role
from dovetail.contrib.auth.rules.snapshot import UNTOLD, VIEWER
from dovetail.database.engine.urls import is_memory
from dovetail.database.pool.statement_timeouts import StatementLimit, StatementTimeoutError, with_statement_limit
from dovetail.database.unit_of_work import Database
from dovetail.errors import InvalidInputError

SHOWN_KEYS = 20  # of more rows, the number is told
MOST_PEOPLE = 100  # in whose place a condition that names its viewer is run
PATIENCE = 60  # seconds for a statement
NOT_COMPARED = "its rows cannot be compared here:"
WITHOUT_ROWS = "add"  # what is not there yet has no key


@dataclass(frozen=True)
class Conditions:
    """A rule before and after, as conditions in the words of the database at hand, for one role and model."""

    model: type[object]
    role: Role
    before: str
    after: str

    @property
    def names_viewer(self) -> bool:
        """Return True if who asks decides about the rows."""
        return f"{VIEWER}." in self.before + self.after


async def check_database(database: Database) -> None:
    """Raise InvalidInputError, with the reason, if there is no database at hand that could be asked."""
    if _is_missing_file(database.engine.url):
        raise InvalidInputError("there is no file where DATABASE_URL says")
    try:
        async with database.unit_of_work(read_only=True) as session:
            await session.scalar(select(User.id).limit(1))
    except Exception as error:  # drivers raise errors of many kinds, and each says that it cannot be asked
        raise InvalidInputError(_first_line(error)) from error


def conditions_of(difference: Difference, model: type[object], dialect: str) -> Conditions | None:
    """Return what can be run of a difference; None if it is none of rows, or a version does not say it."""
    texts = difference.in_words_of(dialect)
    told = [text for text in texts if isinstance(text, str) and not text.startswith(UNTOLD)]
    if difference.what == WITHOUT_ROWS or len(told) != len(texts):
        return None
    return Conditions(model, difference.role, *told)


async def row_changes(database: Database, found: Conditions) -> list[str]:
    """Return a line for the rows that were gained, and one for those that were lost.

    The statements can only read, for another version wrote what they ask, and each has PATIENCE seconds.
    """
    limit = StatementLimit(PATIENCE)
    engine = with_statement_limit(database.engine.execution_options(postgresql_readonly=True), limit)
    try:
        async with database.unit_of_work(read_only=True, engine=engine) as session:
            return await _lines(session, found)
    except StatementTimeoutError:
        return [f"{NOT_COMPARED} a statement took more than {PATIENCE} seconds"]
    except DBAPIError as error:  # a table or a column that this database has not, or not any more
        return [f"{NOT_COMPARED} {_first_line(error.orig or error)}"]


async def _lines(session: AsyncSession, found: Conditions) -> list[str]:
    by, people = "", None
    if found.names_viewer:
        chosen = select(*inspect(User).columns).where(*_people(found.role))
        count = await session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
        by = f", by one or more of {f'the first {MOST_PEOPLE} of ' if count > MOST_PEOPLE else ''}{count} users"
        people = chosen.order_by(User.id).limit(MOST_PEOPLE).subquery(VIEWER)
    before, after = map(_as_sql, (found.before, found.after))
    gained = await _rows(session, found.model, and_(after, not_(before)), people)
    lost = await _rows(session, found.model, and_(before, not_(after)), people)
    return [f"gained here{by}: {gained}", f"lost here{by}: {lost}"]


def _is_missing_file(url: URL) -> bool:
    """Return True for a file of SQLite that there is not: to connect would make it."""
    return url.get_backend_name() == "sqlite" and not is_memory(url) and not Path(str(url.database)).is_file()


def _people(role: Role) -> Iterator[ColumnElement[bool]]:
    yield User.is_active.is_(True)
    if role.is_superuser:
        yield User.is_superuser.is_(True)
    if role.group is not None:
        group = select(users_groups.c.user_id).join(Group, Group.id == users_groups.c.group_id)
        yield User.id.in_(group.where(Group.name == role.group))


def _as_sql(text: str) -> ColumnElement[bool]:
    return func.coalesce(literal_column(f"({text})", Boolean), false())


async def _rows(
    session: AsyncSession, model: type[object], condition: ColumnElement[bool], people: FromClause | None
) -> str:
    """Return the rows that fulfil a condition, for one of these people at least, as text."""
    if people is not None:
        condition = exists(select(literal_column("1", Integer)).select_from(people).where(condition))
    keys = inspect(model).primary_key
    chosen = select(*keys).select_from(model).where(condition)
    rows = (await session.execute(chosen.order_by(*keys).limit(SHOWN_KEYS + 1))).all()
    if not rows:
        return "no row"
    told = ", ".join(map(_key, rows[:SHOWN_KEYS]))
    if len(rows) <= SHOWN_KEYS:
        return f"{len(rows)} row{'' if len(rows) == 1 else 's'}: {told}"
    count = await session.scalar(select(func.count()).select_from(chosen.subquery()))
    return f"{count} rows: {told}, ..."


def _key(row: Sequence[object]) -> str:
    return " ".join(map(str, row))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
