"""Write a queued mail when it is sent. Only then is its recipient looked up.

The token is created here, in a transaction that ends before the mail server is contacted. It is the same in every
attempt, and is not created again if it was used meanwhile.
"""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.accounts.one_time_tokens import create_one_time_token, is_alive, token_of
from dovetail.contrib.auth.accounts.store import UserStore
from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.mail import emails
from dovetail.contrib.auth.mail.backends import EmailMessage
from dovetail.contrib.auth.mail.languages import language_for
from dovetail.contrib.auth.mail.models import LANGUAGE, MailKind, OutgoingMail
from dovetail.contrib.auth.mail.reset_page import PAGE
from dovetail.contrib.auth.models import TokenPurpose, User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.translation.texts import active_language, override_language

PURPOSES = {
    MailKind.RESET_PASSWORD: TokenPurpose.RESET_PASSWORD,
    MailKind.INVITATION: TokenPurpose.RESET_PASSWORD,
    MailKind.VERIFY_EMAIL: TokenPurpose.VERIFY_EMAIL,
    MailKind.WELCOME: TokenPurpose.VERIFY_EMAIL,
    MailKind.CONFIRM_EMAIL: TokenPurpose.CHANGE_EMAIL,
}
EVENTS = {
    MailKind.RESET_PASSWORD: EventKind.RESET_REQUESTED,
    MailKind.VERIFY_EMAIL: EventKind.VERIFICATION_REQUESTED,
}


async def write(session: AsyncSession, row: OutgoingMail, settings: AuthSettings) -> EmailMessage | None:
    """Return the message to send; None if there is no recipient, or if it is no longer useful."""
    if row.kind is MailKind.MESSAGE:
        return EmailMessage(to=row.to, subject=row.subject, body=row.body)
    user = await _find(session, row)
    if user is None:
        return None
    if row.kind in {MailKind.VERIFY_EMAIL, MailKind.WELCOME} and user.is_verified:
        return None
    token = await _token(session, row, user, settings)
    if token is None:
        return None
    owner = await UserStore(session).get_verified_by_email(row.to)
    if owner is not None and owner.id != user.id:  # the token counts as sent to this address, but is not included
        with override_language(await language_for(session, owner, active_language())):
            return emails.address_in_use(owner)
    with override_language(await language_for(session, user, active_language())):
        return _message(row, user, token, settings)


def page_language_of(row: OutgoingMail) -> str:
    """Return the code of the language of the page that queued the mail; "" if there was none."""
    return str(json.loads(row.asked_from).get(LANGUAGE, "")) if row.asked_from else ""


def lifetime_of(kind: MailKind, settings: AuthSettings) -> int:
    """Return the lifetime, in seconds, of the token in a mail."""
    if kind is MailKind.RESET_PASSWORD:
        return settings.reset_token_lifetime
    return settings.verify_token_lifetime


async def _find(session: AsyncSession, row: OutgoingMail) -> User | None:
    if row.user_id is None:
        user = await UserStore(session).get_by_email(row.to)
    else:
        user = await session.get(User, row.user_id)
    return user if user is not None and user.is_active else None


async def _token(session: AsyncSession, row: OutgoingMail, user: User, settings: AuthSettings) -> str | None:
    """Create or find the token; return None if it was used or has expired, or if too many were sent."""
    token, seconds = token_of(session, row.nonce), lifetime_of(row.kind, settings)
    if row.has_token:
        return token if await is_alive(session, token, PURPOSES[row.kind]) else None
    if row.created_at + timedelta(seconds=seconds) <= datetime.now(UTC):
        return None  # it would have expired by now
    made = await create_one_time_token(session, user, PURPOSES[row.kind], lifetime=seconds, token=token)
    if made is None:
        return None
    await session.execute(update(OutgoingMail).where(OutgoingMail.id == row.id).values(has_token=True))
    if row.kind in EVENTS and row.user_id is None:  # who queues a mail to a known user records why, when it is queued
        asked_from = json.loads(row.asked_from)
        for ours in (LANGUAGE, PAGE):
            asked_from.pop(ours, None)
        session.add(SecurityEvent(kind=EVENTS[row.kind], user_id=user.id, username=user.username, **asked_from))
    return token


def _message(row: OutgoingMail, user: User, token: str, settings: AuthSettings) -> EmailMessage:
    page = str(json.loads(row.asked_from).get(PAGE, "")) if row.asked_from else ""
    if row.kind is MailKind.RESET_PASSWORD:
        return emails.reset_password(user, token, settings, page)
    if row.kind is MailKind.INVITATION:
        return emails.invitation(user, token, settings, page)
    if row.kind is MailKind.CONFIRM_EMAIL:
        return emails.confirm_email(user, row.to, token, settings)
    return emails.verify_email(user, token, settings)
