"""Removing rows that are over: which ones, in which steps, and those of plugins."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.mail.models import MailKind, OutgoingMail
from dovetail.contrib.auth.models import OneTimeToken, TokenPurpose, User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.upkeep import expired
from dovetail.contrib.auth.upkeep.expired import delete_in_batches, expired_of
from dovetail.contrib.auth.users import create_user
from dovetail.contrib.history.keeping.purging import purge_lines
from dovetail.database.bulk import delete_some
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context, Plugin, context_of
from tests.contrib.auth.commands.test_accounts import at_a_terminal
from tests.running import manage


async def make(session):
    user = await create_user(session, username="ada", email="ada@example.org", password=None)
    now = datetime.now(UTC)
    for number, seconds in enumerate((-60, -1, 60)):
        session.add(Session(token_hash=str(number), user_id=user.id, expires_at=now + timedelta(seconds=seconds)))
    for age in (timedelta(days=179), timedelta(days=181)):  # AUTH_EVENTS_DAYS is 180
        session.add(SecurityEvent(kind=EventKind.LOGIN, detail=f"{age.days}", created_at=now - age))
        for due in (None, now):
            mail = OutgoingMail(kind=MailKind.MESSAGE, to="ada@example.org", subject=f"{age.days} {due is None}")
            mail.created_at, mail.due_at = now - age, due
            session.add(mail)
    for number, minutes in enumerate((-59, -61)):  # one still counts among those sent within an hour
        session.add(
            OneTimeToken(
                token_hash=f"once {number}",
                purpose=TokenPurpose.CHANGE_EMAIL,
                user_id=user.id,
                email="ada@example.com",
                created_at=now + timedelta(minutes=minutes),
                expires_at=now - timedelta(seconds=1),
            )
        )


async def read(session):
    told = (Session.token_hash, OneTimeToken.token_hash, SecurityEvent.detail, OutgoingMail.subject)
    return [one for column in told for one in await session.scalars(select(column).order_by(column))]


@pytest.mark.parametrize("command", ["purge-expired", "cleartokens"])
def test_the_command_removes_what_has_expired_and_nothing_else(database_url, run_async, command):
    run_async(make)
    printed = manage(command, DATABASE_URL=database_url).stdout
    removed = ("2 expired sessions", "1 expired one-time token", "1 expired security event")
    assert {f"{one} removed." for one in (*removed, "1 expired undeliverable mail")} <= set(printed.splitlines())
    assert run_async(read) == ["2", "once 0", "179", "no staff", "179 False", "179 True", "181 False"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_terminal_shows_a_progress_bar(database_url, run_async):
    run_async(make)
    code, screen = at_a_terminal(["purge-expired"], [], database_url)
    assert code == 0
    assert re.search(r"sessions +\[#+\] +100%", screen), screen


async def test_each_batch_is_a_transaction_of_its_own(database, monkeypatch):
    monkeypatch.setattr(expired, "BATCH", 2)
    async with database.unit_of_work() as session:
        user = await create_user(session, username="ada", email="ada@example.org", password=None)
        session.add_all(
            Session(token_hash=str(number), user_id=user.id, expires_at=datetime.now(UTC)) for number in range(5)
        )
    left = []
    async for count in delete_in_batches(database, Session, Session.expires_at <= datetime.now(UTC)):
        async with database.unit_of_work(read_only=True) as session:
            left.append((count, len((await session.scalars(select(Session.id))).all())))
    assert left == [(2, 3), (2, 1), (1, 0)]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_locked_rows_are_left_for_the_next_run(database):
    async with database.unit_of_work() as session:
        user = await create_user(session, username="ada", email="ada@example.org", password=None)
        session.add_all(
            Session(token_hash=str(number), user_id=user.id, expires_at=datetime.now(UTC)) for number in range(2)
        )
    is_over = Session.expires_at <= datetime.now(UTC)
    async with database.unit_of_work() as session:
        await session.scalar(select(Session.id).where(Session.token_hash == "0").with_for_update())
        assert [count async for count in delete_in_batches(database, Session, is_over)] == [1]
    assert [count async for count in delete_in_batches(database, Session, is_over)] == [1]


def with_extension(context: Context, *things: object) -> Context:
    plugins = [Plugin(name="shop", extensions={"auth.expired": things})]
    return Context(
        settings=context.settings, database=context.database, plugins=plugins, plugin_settings=context.plugin_settings
    )


async def test_a_plugin_lists_rows_of_its_own(session):
    def condition(_context):
        return User.is_active.is_(False)

    found = list(expired_of(with_extension(context_of(session), ("leaver", User, condition))))
    assert ("leaver", User, condition, delete_some) in found
    assert {"session", "one-time token"} <= {title for title, *_ in found}
    own = ("leaver", User, condition, purge_lines)  # which deletes them itself
    assert own in list(expired_of(with_extension(context_of(session), own)))


@pytest.mark.parametrize(
    "thing", ["carts", ("cart", User), ("cart", int, print), ("cart", User, True), ("cart", User, print, 1)], ids=repr
)
async def test_an_invalid_entry_of_a_plugin_is_refused(session, thing):
    with pytest.raises(ConfigurationError, match="expected what a row is called"):
        list(expired_of(with_extension(context_of(session), thing)))
