"""Mail is sent at least once, whoever dies meanwhile, and holds nothing while it is."""

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from smtplib import SMTPRecipientsRefused

import pytest
from sqlalchemy import select, update

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.mail.backends import EmailMessage, Outbox
from dovetail.contrib.auth.mail.dispatcher import MAIL_DISPATCHER, MAXIMUM_ATTEMPTS, MailDispatcher, pause_after
from dovetail.contrib.auth.mail.models import MailKind, OutgoingMail
from dovetail.contrib.auth.mail.outbox import notify_of_change, send_message, send_token
from dovetail.contrib.auth.models import OneTimeToken
from dovetail.contrib.auth.settings import AuthSettings
from tests.contrib.auth.helpers import ADA, token_in
from tests.running import ROOT, environment, manage


@pytest.fixture
async def database(app):
    """The database, from which only the dispatchers of a test send mail."""
    await MAIL_DISPATCHER.get(app).close()
    return app.state.database


def dispatcher_for(database, sender, **settings) -> MailDispatcher:
    return MailDispatcher(database, lambda: AuthSettings(**settings), lambda: sender)


def hello(number: int = 0) -> EmailMessage:
    return EmailMessage(to="ada@example.org", subject=f"Hello {number}", body="Hello")


async def rows(database):
    async with database.unit_of_work(read_only=True) as session:
        return (await session.scalars(select(OutgoingMail).order_by(OutgoingMail.id))).all()


async def make_due(database):
    async with database.unit_of_work() as session:
        await session.execute(update(OutgoingMail).values(due_at=datetime.now(UTC) - timedelta(seconds=1)))


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error
        self.count = 0

    async def send(self, message: EmailMessage) -> None:
        self.count += 1
        raise self.error


async def die(database_url: str, when: str) -> None:
    command = [sys.executable, "-m", "tests.contrib.auth.mail.dying", when]
    variables = environment(DATABASE_URL=database_url)
    dying = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=variables, stderr=subprocess.PIPE)
    _, errors = await dying.communicate()
    assert dying.returncode == -signal.SIGKILL, errors


async def test_mail_of_processes_that_are_killed_is_sent_by_another(database, database_url):
    await asyncio.gather(*(die(database_url, when) for when in ("committed", "sending")))
    outbox = Outbox()
    await dispatcher_for(database, outbox).settle()
    assert "sending" not in [message.subject for message in outbox.messages]  # whoever was killed has it yet
    await make_due(database)  # the lease is over
    await dispatcher_for(database, outbox).settle()
    assert sorted(message.subject for message in outbox.messages) == ["committed", "sending"]
    assert await rows(database) == []


async def test_concurrent_senders_send_each_mail_once(database):
    async with database.unit_of_work() as session:
        for number in range(25):
            await send_message(session, hello(number))
    outbox = Outbox()
    await asyncio.gather(*(dispatcher_for(database, outbox).settle() for _ in range(3)))
    assert sorted(message.subject for message in outbox.messages) == sorted(f"Hello {number}" for number in range(25))


async def test_no_connection_is_held_while_the_mail_server_is_contacted(database):
    held, at_once, most, ten_are_sent = [], [], [0], asyncio.Event()

    class Watching:
        async def send(self, message: EmailMessage) -> None:
            at_once.append(message)
            most[0] = max(most[0], len(at_once))
            if most[0] == 10:
                ten_are_sent.set()
            await ten_are_sent.wait()
            await asyncio.sleep(0.05)  # in which more would come
            held.append(database.engine.pool.checkedout())
            at_once.remove(message)

    async with database.unit_of_work() as session:
        for number in range(12):
            await send_message(session, hello(number))
    await dispatcher_for(database, Watching()).settle()
    assert held[0] == 0
    assert most == [10]


async def test_failed_mail_is_retried_with_growing_delays_and_finally_given_up(database, session, make_user, caplog):
    ada = await make_user(username="ada")
    async with database.unit_of_work() as work:
        await notify_of_change(work, ada, lambda: "A passkey was added to your account.")
    failing = Failing(ConnectionRefusedError("no server here"))
    dispatcher = dispatcher_for(database, failing)
    for attempt in range(1, MAXIMUM_ATTEMPTS):
        await dispatcher.settle()
        (row,) = await rows(database)
        pause = row.due_at - datetime.now(UTC)
        assert (row.attempts, failing.count) == (attempt, attempt)
        assert pause_after(attempt) - timedelta(seconds=20) < pause <= pause_after(attempt)
        await dispatcher.settle()  # not due yet
        await make_due(database)
    await dispatcher.settle()
    (row,) = await rows(database)
    assert (row.due_at, row.attempts, row.error) == (None, 12, "ConnectionRefusedError: no server here")
    given_up = await session.scalar(select(SecurityEvent).where(SecurityEvent.kind == EventKind.MAIL_GIVEN_UP))
    assert given_up.detail == "A change of your account: ConnectionRefusedError: no server here"
    assert timedelta(hours=16) < sum((pause_after(one) for one in range(1, 12)), timedelta()) < timedelta(hours=18)


async def test_an_address_that_the_server_does_not_know_is_given_up_at_once(database):
    async with database.unit_of_work() as session:
        await send_message(session, hello())
    error = SMTPRecipientsRefused({"ada@example.org": (550, b"nobody here")})
    await dispatcher_for(database, Failing(error)).settle()
    (row,) = await rows(database)
    assert (row.due_at, row.attempts) == (None, 1)


async def test_the_outbox_contains_no_token_and_every_attempt_sends_the_same_one(app, database, make_user):
    await make_user(username="ada")
    async with database.unit_of_work() as session:
        await send_token(session, MailKind.RESET_PASSWORD, "ada@example.org")
    sent: list[EmailMessage] = []

    class Breaking:
        async def send(self, message: EmailMessage) -> None:
            sent.append(message)
            if len(sent) == 1:
                raise OSError("the line broke after the message was taken")

    for _ in range(2):
        await dispatcher_for(database, Breaking()).settle()
        found = await rows(database)
        assert all(token_in(sent[0]) not in f"{vars(row)}" for row in found)
        await make_due(database)
    assert token_in(sent[0]) == token_in(sent[1])
    assert await rows(database) == []


async def test_a_token_that_was_used_is_not_made_again_by_another_attempt(database, make_user, session):
    await make_user(username="ada")
    async with database.unit_of_work() as work:
        await send_token(work, MailKind.RESET_PASSWORD, "ada@example.org")
    await dispatcher_for(database, Failing(OSError("the line broke"))).settle()
    await session.delete((await session.scalars(select(OneTimeToken))).one())  # as using it does
    await session.commit()
    await make_due(database)
    outbox = Outbox()
    await dispatcher_for(database, outbox).settle()
    assert (outbox.messages, await rows(database)) == ([], [])
    assert (await session.scalars(select(OneTimeToken))).all() == []


async def test_mail_of_a_change_that_is_rolled_back_is_never_sent(app, client, make_user, outbox):
    await make_user(username="ada")
    answer = await client.post("/api/auth/register", json=ADA)
    assert answer.status_code == 409
    await MAIL_DISPATCHER.get(app).settle()
    assert outbox.messages == []


async def test_a_command_sends_what_is_due_and_lists_what_was_given_up_and_tries_it_again(database, database_url):
    run = partial(manage, "sendmail", DATABASE_URL=database_url)
    async with database.unit_of_work() as session:
        for number in range(3):
            await send_message(session, hello(number))
    async with database.unit_of_work() as session:
        two = update(OutgoingMail).where(OutgoingMail.subject != "Hello 1")
        await session.execute(two.values(due_at=None, error="550 no such box"))
    given_up = [f"given up: Hello {number} to ada@example.org: 550 no such box" for number in (0, 2)]
    sent = run()
    assert (sent.code, sent.stdout.count("--- E-mail to ada@example.org: Hello 1")) == (0, 1), sent
    assert sent.stdout.splitlines()[-3:] == ["1 sent, 0 failed.", *given_up]
    again = run("--retry")
    assert "2 sent, 0 failed." in again.stdout
    assert await rows(database) == []


@pytest.mark.parametrize("kind", [MailKind.RESET_PASSWORD, MailKind.VERIFY_EMAIL])
async def test_a_token_mail_for_an_unknown_address_leaves_nothing_behind(database, kind):
    async with database.unit_of_work() as session:
        await send_token(session, kind, "nobody@example.org")
    outbox = Outbox()
    await dispatcher_for(database, outbox).settle()
    assert (outbox.messages, await rows(database)) == ([], [])
