"""E-mail goes out after the response, so after the commit: never for a transaction that was rolled back."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastapi import BackgroundTasks, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.dependencies import AuthSettingsDep, EmailSenderDep
from dovetail.contrib.auth.email import EmailMessage, EmailSender
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.drivers.retries import try_twice
from dovetail.database.error_translation import client_error
from dovetail.database.session import SessionDep
from dovetail.database.unit_of_work import Database
from dovetail.errors import UnavailableError

if TYPE_CHECKING:
    from dovetail.contrib.auth.api.manager import UserManager

logger = logging.getLogger("dovetail.auth")

Step: TypeAlias = "Callable[[UserManager, User], Awaitable[None]]"


class Mailer:
    """What one request wants to have sent.

    Starlette runs background tasks only after a response was sent, and a request whose commit failed sends another
    response, which has none. Should the process die in between, the message is lost; the user asks for another.
    """

    def __init__(
        self, background: BackgroundTasks, database: Database, sender: EmailSender, settings: AuthSettings
    ) -> None:
        self._background = background
        self._database = database
        self._sender = sender
        self._settings = settings

    def send_later(self, messages: list[EmailMessage]) -> None:
        """Send these after the response."""
        self._background.add_task(self._deliver, messages)

    def do_later(self, email: str, step: Step) -> None:
        """After the response, do `step` for the active user with this address and send the messages it makes.

        Until then nobody looked whether there is such a user, so neither the answer nor its time can tell.
        """
        self._background.add_task(self._do, email, step)

    async def _do(self, email: str, step: Step) -> None:
        try:
            messages = await try_twice(partial(self._prepare, email, step))
        except Exception as error:
            if isinstance(client_error(error), UnavailableError):  # an outage is nobody's mistake
                logger.warning("An e-mail that was asked for could not be prepared: %s", str(error).partition("\n")[0])
            else:
                logger.exception("An e-mail that was asked for could not be prepared.")
            return
        await self._deliver(messages)

    async def _prepare(self, email: str, step: Step) -> list[EmailMessage]:
        async with self._database.unit_of_work() as session:
            manager = make_manager(session, self._settings)
            user = await manager.user_db.get_by_email(email)
            if user is not None and user.is_active:
                await step(manager, user)
        return manager.messages

    async def _deliver(self, messages: list[EmailMessage]) -> None:
        for message in messages:
            try:
                await self._sender.send(message)
            except Exception:  # the response is gone: the log is the only place left to say so
                logger.exception("The e-mail %r could not be delivered.", message.subject)


async def get_mailer(
    request: Request, background: BackgroundTasks, sender: EmailSenderDep, settings: AuthSettingsDep
) -> Mailer:
    """The mailer of this request."""
    return Mailer(background, request.app.state.database, sender, settings)


MailerDep = Annotated[Mailer, Depends(get_mailer)]


def make_manager(session: AsyncSession, settings: AuthSettings) -> "UserManager":
    """fastapi-users' manager in the transaction of `session`."""
    # Imported here: it brings a library for JSON web tokens along, ten megabytes and a twentieth of the start.
    from dovetail.contrib.auth.api.manager import UserManager

    return UserManager(session, settings)


async def get_user_manager(session: SessionDep, settings: AuthSettingsDep) -> Any:
    """The same in the transaction of this request."""
    return make_manager(session, settings)


if TYPE_CHECKING:
    UserManagerDep: TypeAlias = UserManager
else:
    UserManagerDep = Annotated[Any, Depends(get_user_manager)]
