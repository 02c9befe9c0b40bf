"""Send e-mail after the response, so after the commit: never for a transaction that was rolled back."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.background import BackgroundTasks

from dovetail.contrib.auth.mail.backends import EmailMessage, EmailSender
from dovetail.database.drivers.retries import try_twice
from dovetail.database.error_translation import client_error
from dovetail.database.unit_of_work import Database
from dovetail.errors import UnavailableError

logger = logging.getLogger("dovetail.auth")

Prepare: TypeAlias = Callable[[AsyncSession], Awaitable[Sequence[EmailMessage]]]


class Mailer:
    """Sends what one request wants to have sent.

    Starlette runs background tasks only after a response was sent, and a request whose commit failed sends another
    response, which has none. Should the process die in between, the message is lost; the user asks for another.
    """

    def __init__(self, background: BackgroundTasks, database: Database, sender: EmailSender) -> None:
        self._background = background
        self._database = database
        self._sender = sender

    def send_later(self, messages: Sequence[EmailMessage]) -> None:
        """Send messages after the response."""
        self._background.add_task(self._deliver, messages)

    def prepare_later(self, prepare: Prepare) -> None:
        """After the response, run `prepare` in a transaction of its own and send what it returns.

        Until then nobody has looked whether there is a user to write to, so neither the answer nor its time can tell.
        """
        self._background.add_task(self._prepare, prepare)

    async def _prepare(self, prepare: Prepare) -> None:
        try:
            messages = await try_twice(partial(self._in_transaction, prepare))
        except Exception as error:
            if isinstance(client_error(error), UnavailableError):  # an outage is nobody's mistake
                logger.warning("An e-mail that was asked for could not be prepared: %s", str(error).partition("\n")[0])
            else:
                logger.exception("An e-mail that was asked for could not be prepared.")
            return
        await self._deliver(messages)

    async def _in_transaction(self, prepare: Prepare) -> Sequence[EmailMessage]:
        async with self._database.unit_of_work() as session:
            return await prepare(session)

    async def _deliver(self, messages: Sequence[EmailMessage]) -> None:
        for message in messages:
            try:
                await self._sender.send(message)
            except Exception:  # the response is gone: the log is the only place left to say so
                logger.exception("The e-mail %r could not be delivered.", message.subject)
