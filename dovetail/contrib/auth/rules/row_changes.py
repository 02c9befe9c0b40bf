"""Run the conditions of two versions of a rule in the database, to list the rows that a role gained and lost."""

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
from dovetail.contrib.auth.rules.snapshot import UNEXPLAINED, VIEWER
from dovetail.database.engine.urls import is_memory
from dovetail.database.pool.statement_timeouts import StatementLimit, StatementTimeoutError, with_statement_limit
from dovetail.database.unit_of_work import Database
from dovetail.errors import InvalidInputError

SHOWN_KEYS = 20  # of further rows only the number is shown
MAX_USERS = 100  # for whom a condition that depends on the viewer is run
PATIENCE = 60  # seconds per statement
NOT_COMPARED = "its rows cannot be compared here:"
WITHOUT_ROWS = "add"  # an action on rows that do not exist yet


@dataclass(frozen=True)
class Conditions:
    """The conditions of a rule before and after, as SQL of the configured database, for one role and model."""

    model: type[object]
    role: Role
    before: str
    after: str

    @property
    def names_viewer(self) -> bool:
        """Return whether the conditions depend on the viewer."""
        return f"{VIEWER}." in self.before + self.after


async def check_database(database: Database) -> None:
    """Raise InvalidInputError, with the reason, if the configured database cannot be used."""
    if _is_missing_file(database.engine.url):
        raise InvalidInputError("there is no file where DATABASE_URL says")
    try:
        async with database.unit_of_work(read_only=True) as session:
            await session.scalar(select(User.id).limit(1))
    except Exception as error:  # drivers raise many kinds of errors; each means that the database cannot be used
        raise InvalidInputError(_first_line(error)) from error


def conditions_of(difference: Difference, model: type[object], dialect: str) -> Conditions | None:
    """Return the conditions of a difference; None if it is not about rows, or if a version does not have them."""
    texts = difference.as_sql(dialect)
    runnable = [text for text in texts if isinstance(text, str) and not text.startswith(UNEXPLAINED)]
    if difference.what == WITHOUT_ROWS or len(runnable) != len(texts):
        return None
    return Conditions(model, difference.role, *runnable)


async def row_changes(database: Database, found: Conditions) -> list[str]:
    """Return a line for the rows that were gained, and one for those that were lost.

    The conditions come from another version of the code, so the statements are read-only and limited to PATIENCE
    seconds.
    """
    limit = StatementLimit(PATIENCE)
    engine = with_statement_limit(database.engine.execution_options(postgresql_readonly=True), limit)
    try:
        async with database.unit_of_work(read_only=True, engine=engine) as session:
            return await _lines(session, found)
    except StatementTimeoutError:
        return [f"{NOT_COMPARED} a statement took more than {PATIENCE} seconds"]
    except DBAPIError as error:  # for instance a table or column that this database does not have
        return [f"{NOT_COMPARED} {_first_line(error.orig or error)}"]


async def _lines(session: AsyncSession, found: Conditions) -> list[str]:
    by, people = "", None
    if found.names_viewer:
        chosen = select(*inspect(User).columns).where(*_roles(found.role))
        count = await session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
        by = f", by one or more of {f'the first {MAX_USERS} of ' if count > MAX_USERS else ''}{count} users"
        people = chosen.order_by(User.id).limit(MAX_USERS).subquery(VIEWER)
    before, after = map(_as_sql, (found.before, found.after))
    gained = await _rows(session, found.model, and_(after, not_(before)), people)
    lost = await _rows(session, found.model, and_(before, not_(after)), people)
    return [f"gained here{by}: {gained}", f"lost here{by}: {lost}"]


def _is_missing_file(url: URL) -> bool:
    """Return whether the URL is of a SQLite file that does not exist, which connecting would create."""
    return url.get_backend_name() == "sqlite" and not is_memory(url) and not Path(str(url.database)).is_file()


def _roles(role: Role) -> Iterator[ColumnElement[bool]]:
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
    """Return, as text, the rows that meet a condition for at least one of these users."""
    if people is not None:
        condition = exists(select(literal_column("1", Integer)).select_from(people).where(condition))
    keys = inspect(model).primary_key
    chosen = select(*keys).select_from(model).where(condition)
    rows = (await session.execute(chosen.order_by(*keys).limit(SHOWN_KEYS + 1))).all()
    if not rows:
        return "no row"
    shown = ", ".join(map(_key, rows[:SHOWN_KEYS]))
    if len(rows) <= SHOWN_KEYS:
        return f"{len(rows)} row{'' if len(rows) == 1 else 's'}: {shown}"
    count = await session.scalar(select(func.count()).select_from(chosen.subquery()))
    return f"{count} rows: {shown}, ..."


def _key(row: Sequence[object]) -> str:
    return " ".join(map(str, row))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
