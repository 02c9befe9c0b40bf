"""`manage.py sessions` and `manage.py purge-expired`."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from sqlalchemy import ColumnElement, Row, select, true

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.ending import end_all_of_plugins
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.upkeep.expired import Delete, count_rows, delete_in_batches, expired_of
from dovetail.contrib.auth.users import get_user_by_login, log_out_everywhere
from dovetail.database.bulk import delete_some
from dovetail.database.models import Base
from dovetail.errors import InvalidInputError, NotFoundError
from dovetail.plugin import Context, async_command

MAX_LISTED = 200  # sessions
TITLES = ("ID", "USER", "DOOR", "METHOD", "LAST USED", "EXPIRES", "ADDRESS", "CLIENT")
WIDEST = 40  # characters of a user agent


@click.command()
@click.argument("user", required=False)
@click.option("--end", is_flag=True, help="End all sessions of USER.")
@click.option("--end-all", is_flag=True, help="End the sessions of all users.")
@click.option("--noinput", is_flag=True, help="Do not ask before all users are logged out.")
@async_command
async def sessions(context: Context, user: str | None, *, end: bool, end_all: bool, noinput: bool) -> None:
    """List the sessions of USER (a name or an e-mail address), or of all users; or end them."""
    if end_all:
        if user is not None or end:
            raise InvalidInputError(
                "--end-all is for all users; leave out USER and --end, or write: sessions USER --end"
            )
        await _end_all(context, noinput=noinput)
    elif end:
        if user is None:
            raise InvalidInputError("--end needs a user: sessions USER --end; --end-all ends the sessions of all users")
        await _end(context, user)
    else:
        await _list(context, user)


@click.command()
@async_command
async def purge_expired(context: Context) -> None:
    """Delete expired sessions, tokens and other rows that are kept for a limited time, in small batches."""
    for title, model, condition, delete in expired_of(context):
        count = await _delete(context, title, model, condition(context), delete)
        click.echo(f"{_counted(count, f'expired {title}')} removed.")


async def _end(context: Context, login: str) -> None:
    async with context.database.unit_of_work() as session:
        found = await get_user_by_login(session, login)
        if found is None:
            raise NotFoundError(f"There is no user {login!r}.")
        await log_out_everywhere(session, found)
    click.echo(f"All sessions of {found.username} were ended.")


async def _end_all(context: Context, *, noinput: bool) -> None:
    if not noinput:
        click.confirm("Everybody will have to log in again. End all sessions?", abort=True)
    count = await _delete(context, "session", Session, true())
    async with context.database.unit_of_work() as session:
        await end_all_of_plugins(session)
        await record(session, EventKind.SESSION_ENDED, detail=f"of everybody, {count} in all")
    click.echo(f"{_counted(count, 'session')} ended.")


async def _list(context: Context, login: str | None) -> None:
    statement = (
        select(User.username, Session)
        .join(User, User.id == Session.user_id)
        .where(Session.expires_at > datetime.now(UTC))
        .order_by(Session.used_at.desc(), Session.id.desc())
        .limit(MAX_LISTED + 1)
    )
    async with context.database.unit_of_work(read_only=True) as session:
        if login is not None:
            user = await get_user_by_login(session, login)
            if user is None:
                raise NotFoundError(f"There is no user {login!r}.")
            statement = statement.where(Session.user_id == user.id)
        rows = (await session.execute(statement)).all()
    if not rows:
        click.echo("There are no sessions.")
        return
    _print_table([TITLES, *map(_cells, rows[:MAX_LISTED])])
    if len(rows) > MAX_LISTED:
        click.echo(f"These are the {MAX_LISTED} that were used last; name a user to see theirs.")


async def _delete(
    context: Context, title: str, model: type[Base], condition: ColumnElement[bool], delete: Delete = delete_some
) -> int:
    total = await count_rows(context.database, model, condition)
    done = 0
    with click.progressbar(length=total, label=f"{title}s", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        async for count in delete_in_batches(context.database, model, condition, delete):
            done += count
            bar.update(count)
    return done


def _cells(row: Row[str, Session]) -> Sequence[str]:
    username, one = row
    client = one.user_agent if len(one.user_agent) <= WIDEST else one.user_agent[:WIDEST] + "…"
    moments = (f"{moment:%Y-%m-%d %H:%M}" for moment in (one.used_at, one.expires_at))
    return (str(one.id), username, one.kind.value, one.method, *moments, one.address, client)


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
