"""What auth's endpoints ask for, and what its setup puts into the application for them."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

from fastapi import BackgroundTasks, Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.api.dependencies import plugin_settings
from dovetail.contrib.auth.access import authenticate_request
from dovetail.contrib.auth.mail.backends import EmailSender, make_sender
from dovetail.contrib.auth.mail.mailer import Mailer
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.database.session import SessionDep
from dovetail.database.unit_of_work import Database
from dovetail.plugin import Context

if TYPE_CHECKING:
    from dovetail.contrib.auth.manager import UserManager


def setup(app: FastAPI, context: Context) -> None:
    """Tell the kernel who is asking, and choose who delivers e-mail."""
    settings = context.plugin_settings["auth"]
    assert isinstance(settings, AuthSettings)  # noqa: S101 - the plugin names this class
    app.state.authenticate = authenticate_request
    app.state.email_sender = make_sender(settings, debug=context.settings.debug)


AuthSettingsDep = Annotated[AuthSettings, Depends(plugin_settings("auth", AuthSettings))]


async def get_mailer(connection: HTTPConnection, background: BackgroundTasks) -> Mailer:
    """Return the mailer of this request."""
    database: Database = connection.app.state.database
    sender: EmailSender = connection.app.state.email_sender
    return Mailer(background, database, sender)


MailerDep = Annotated[Mailer, Depends(get_mailer)]


def make_manager(session: AsyncSession, settings: AuthSettings) -> "UserManager":
    """Return a UserManager that works in the transaction of `session`."""
    # Imported here: fastapi-users brings a library for JSON web tokens along, ten megabytes and a twentieth of the
    # start, which only requests that make accounts or change passwords need.
    from dovetail.contrib.auth.manager import UserManager

    return UserManager(session, settings)


async def get_user_manager(session: SessionDep, settings: AuthSettingsDep) -> object:
    """Return a UserManager that works in the transaction of this request."""
    return make_manager(session, settings)


if TYPE_CHECKING:
    UserManagerDep: TypeAlias = UserManager
else:
    UserManagerDep = Annotated[object, Depends(get_user_manager)]
