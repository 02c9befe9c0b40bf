"""Send queued mail. Every serving process does so, each with rows that no other process has taken.

A row is taken by moving its `due_at` to the end of a lease, in a transaction of its own. No connection is held while
the mail server is contacted. If the process dies meanwhile, another one takes the row when the lease ends. So each mail
is sent at least once, and rarely twice.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context as Variables
from datetime import UTC, datetime, timedelta
from random import uniform
from smtplib import SMTPRecipientsRefused

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.mail.backends import EmailSender
from dovetail.contrib.auth.mail.languages import MailLanguages
from dovetail.contrib.auth.mail.models import MAXIMUM_ERROR, OutgoingMail
from dovetail.contrib.auth.mail.writing import page_language_of, write
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.unit_of_work import BESIDE_REQUESTS, Database
from dovetail.state import StateKey
from dovetail.translation.catalogs import ENGLISH, Language
from dovetail.translation.texts import override_language

AT_ONCE = 10  # mails that a process sends at the same time
PAUSES = (0.05, 0.3)  # random delay, in seconds, between the commit of a mail and sending it
POLL = 10.0  # seconds between two looks for rows of other processes
MAXIMUM_ATTEMPTS = 12
FIRST_PAUSE = timedelta(seconds=30)  # doubled after each attempt: the last one is about 17 hours after the first
PERMANENT = 500  # SMTP replies from here on are permanent (RFC 5321, section 4.2.1)
SLOWEST = 8  # steps of an SMTP session, each of which may take AUTH_EMAIL_TIMEOUT
logger = logging.getLogger("dovetail.auth")


class MailDispatcher:
    """Sends due mail, a limited number at a time."""

    def __init__(
        self,
        database: Database,
        settings: Callable[[], AuthSettings],
        sender: Callable[[], EmailSender],
        languages: MailLanguages | None = None,
    ) -> None:
        self._database = database
        self._engine = database.engine.execution_options(**BESIDE_REQUESTS)
        self._settings = settings
        self._sender = sender
        self._languages = languages
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()  # so that sending takes only one connection of the pool
        self._hurry = asyncio.Event()
        self._again = False
        self._closing = False
        self.sent = self.failed = 0

    def wake(self) -> None:
        """Send due mail soon, in the background."""
        self._again = True
        if (self._task is None or self._task.done()) and not self._closing:
            # In a context of its own, so that it is not attributed to the request.
            self._task = asyncio.get_running_loop().create_task(self._work(), context=Variables())

    async def settle(self) -> None:
        """Send due mail now, and wait until all of it was sent or has failed."""
        self.wake()
        self._hurry.set()
        while self._task is not None and not self._task.done():
            await self._task
        self._hurry.clear()

    async def watch(self) -> None:
        """Look for mail of other processes from time to time."""
        while True:
            await asyncio.sleep(POLL)
            self.wake()

    async def close(self) -> None:
        """Finish what is being sent; other processes send the rest."""
        self._closing = True
        self._hurry.set()
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        try:
            while self._again and not self._closing:
                # Not immediately, so that the timing of later requests does not reveal whether there was mail to send.
                await self._wait(uniform(*PAUSES))  # noqa: S311 - no secret depends on it
                self._again = False
                while not self._closing and (rows := await self._take()):
                    await asyncio.gather(*(self._deliver(row) for row in rows))
        except Exception as error:  # noqa: BLE001 - the rows are still there for the next attempt
            logger.warning("The outbox could not be read: %s", str(error).partition("\n")[0])

    async def _wait(self, seconds: float) -> None:
        """Wait for the given time, or until `settle` or `close` is called."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    @asynccontextmanager
    async def _work_on_rows(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        async with (
            self._turn,
            self._database.unit_of_work(read_only=read_only, engine=self._engine) as session,
        ):
            yield session

    async def _take(self) -> Sequence[OutgoingMail]:
        due = select(OutgoingMail).where(OutgoingMail.due_at <= datetime.now(UTC))
        async with self._work_on_rows(read_only=True) as session:
            if not await session.scalar(select(exists(due.with_only_columns(OutgoingMail.id)))):
                return ()  # without a write transaction, which would block other writers on SQLite
        async with self._work_on_rows() as session:
            found = await session.scalars(
                due.order_by(OutgoingMail.due_at, OutgoingMail.id).limit(AT_ONCE).with_for_update(skip_locked=True)
            )
            rows = found.all()
            for row in rows:
                row.due_at = datetime.now(UTC) + timedelta(seconds=60 + SLOWEST * self._settings().email_timeout)
                row.attempts += 1
        return rows

    async def _deliver(self, row: OutgoingMail) -> None:
        try:
            async with self._work_on_rows() as session:
                with override_language(self._language_of(row)):
                    message = await write(session, row, self._settings())
            if message is not None:
                await self._sender().send(message)
                self.sent += 1
            async with self._work_on_rows() as session:
                await session.execute(delete(OutgoingMail).where(OutgoingMail.id == row.id))
        except Exception as error:  # noqa: BLE001 - it is retried, and reported when it is given up
            self.failed += 1
            await self._note_failure(row, error)

    def _language_of(self, row: OutgoingMail) -> Language:
        return ENGLISH if self._languages is None else self._languages.find(page_language_of(row))

    async def _note_failure(self, row: OutgoingMail, error: Exception) -> None:
        gives_up = row.attempts >= MAXIMUM_ATTEMPTS or _is_permanent(error)
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][:MAXIMUM_ERROR]
        logger.warning(
            "The mail %r could not be sent (attempt %d of %d)%s: %s",
            row.subject,
            row.attempts,
            MAXIMUM_ATTEMPTS,
            ", and was given up" if gives_up else "",
            reason,
        )
        values: dict[str, object] = {"error": reason, "due_at": datetime.now(UTC) + pause_after(row.attempts)}
        if gives_up:
            values |= {"due_at": None, "nonce": ""}
        try:
            async with self._work_on_rows() as session:
                await session.execute(update(OutgoingMail).where(OutgoingMail.id == row.id).values(values))
                if gives_up:
                    detail = f"{row.subject}: {reason}"
                    session.add(SecurityEvent(kind=EventKind.MAIL_GIVEN_UP, user_id=row.user_id, detail=detail))
        except Exception as failure:  # noqa: BLE001 - the lease ends and the mail is retried
            logger.warning("The outbox could not be written: %s", str(failure).partition("\n")[0])


def pause_after(attempts: int) -> timedelta:
    """Return the time until the next attempt."""
    return FIRST_PAUSE * (1 << attempts - 1)


def _is_permanent(error: Exception) -> bool:
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    return all(code >= PERMANENT for code, _ in error.recipients.values())


MAIL_DISPATCHER = StateKey[MailDispatcher]("mail_dispatcher", "add dovetail.contrib.auth to the plugins")
