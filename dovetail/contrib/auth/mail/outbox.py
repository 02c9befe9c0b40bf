"""Queue mail: a row in the transaction of the change that the mail is about, which is sent after the commit.

    await notify_of_change(session, user, lambda: gettext("a personal token of your account was revoked."))

If the transaction is rolled back, nothing is sent; if the process dies after the commit, nothing is lost.
"""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.origin import current_origin
from dovetail.contrib.auth.mail import emails
from dovetail.contrib.auth.mail.backends import EmailMessage
from dovetail.contrib.auth.mail.dispatcher import MAIL_DISPATCHER
from dovetail.contrib.auth.mail.languages import language_for, page_language
from dovetail.contrib.auth.mail.models import LANGUAGE, MailKind, OutgoingMail
from dovetail.contrib.auth.mail.reset_page import PAGE, reset_page
from dovetail.contrib.auth.models import User
from dovetail.database.after_commit import after_commit
from dovetail.plugin import context_of
from dovetail.state import current_application
from dovetail.translation.texts import gettext_lazy, override_language

SUBJECTS = {
    MailKind.RESET_PASSWORD: gettext_lazy("Choose a new password"),
    MailKind.INVITATION: gettext_lazy("You have an account"),
    MailKind.VERIFY_EMAIL: gettext_lazy("Confirm your e-mail address"),
    MailKind.WELCOME: gettext_lazy("Confirm your e-mail address"),
    MailKind.CONFIRM_EMAIL: gettext_lazy("Confirm your new e-mail address"),
}


async def tell(session: AsyncSession, user: User, write: Callable[[User], EmailMessage]) -> OutgoingMail:
    """Queue the message that `write` returns (without secrets), in the language of the user."""
    with override_language(await language_for(session, user)):
        message = write(user)
    return await send_message(session, message, user)


async def send_message(session: AsyncSession, message: EmailMessage, user: User | None = None) -> OutgoingMail:
    """Queue a message without secrets."""
    row = OutgoingMail(
        kind=MailKind.MESSAGE,
        user_id=user and user.id,
        to=message.to,
        subject=message.subject,
        body=message.body,
    )
    return _post(session, row)


async def send_token(
    session: AsyncSession, kind: MailKind, to: str, user: User | None = None, *, nonce: str | None = None
) -> OutgoingMail:
    """Queue a mail with a token. Whether there is an account for the address is looked up only when it is sent.

    So the response takes the same time for every address. `nonce` is that of a token that exists already.
    """
    origin = current_origin()
    asked_from = {
        "address": origin.address,
        "user_agent": origin.user_agent,
        "request_id": origin.request_id,
        LANGUAGE: page_language(),
        PAGE: reset_page(context_of(session).settings.allowed_hosts),
    }
    row = OutgoingMail(
        kind=kind,
        user_id=user and user.id,
        to=to,
        subject=SUBJECTS[kind],
        nonce=nonce or new_nonce(),
        has_token=nonce is not None,
        asked_from=json.dumps(asked_from),
    )
    return _post(session, row)


def new_nonce() -> str:
    """Return 256 random bits as text, from which a token is derived: see `token_of`."""
    return secrets.token_urlsafe(32)


async def notify_of_change(session: AsyncSession, user: User, change: Callable[[], str]) -> None:
    """Queue a mail about a change of a user's credentials, in case they did not make it; without secrets.

    `change` returns the sentence; it is called with the user's language active.
    """
    await tell(session, user, lambda owner: emails.change_of_credentials(owner, change()))


def _post(session: AsyncSession, row: OutgoingMail) -> OutgoingMail:
    row.due_at = datetime.now(UTC)
    session.add(row)
    app = current_application()
    dispatcher = None if app is None else MAIL_DISPATCHER.find(app)
    if dispatcher is not None:  # otherwise a server finds the row within seconds
        after_commit(session, dispatcher.wake)
    return row
