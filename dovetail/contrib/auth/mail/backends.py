"""Deliver e-mail: an interface with an SMTP sender, and senders for development and tests."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage as MimeMessage
from email.utils import formatdate, make_msgid
from typing import Protocol

import click
from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from dovetail.contrib.auth.settings import AuthSettings
from dovetail.state import StateKey

MAXIMUM_THREADS = 10
# A mail server that does not answer blocks threads for seconds, so these are not taken from those that requests use.
_limiter: RunVar[CapacityLimiter] = RunVar("dovetail_email_limiter")


@dataclass(frozen=True, kw_only=True)
class EmailMessage:
    """A plain-text message to one address."""

    to: str
    subject: str
    body: str


class EmailSender(Protocol):
    """Delivers messages."""

    async def send(self, message: EmailMessage) -> None:
        """Deliver the message. Raise OSError or smtplib.SMTPException if that fails."""


EMAIL_SENDER = StateKey[EmailSender]("email_sender", "add dovetail.contrib.auth to the plugins")


class ConsoleSender:
    """Prints messages, for development; with `show_body=False` it prints only that there was one.

    The body may contain a token that gives access to an account, and in production the output ends up in a log.
    """

    def __init__(self, *, show_body: bool = True) -> None:
        self._show_body = show_body

    async def send(self, message: EmailMessage) -> None:
        """Print the message."""
        body = (
            message.body if self._show_body else "(not sent, and not shown in production; set AUTH_EMAIL_BACKEND=smtp)"
        )
        click.echo(f"\n--- E-mail to {message.to}: {message.subject}\n{body}\n---")


class Outbox:
    """Keeps messages in memory, for tests."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def send(self, message: EmailMessage) -> None:
        """Append the message."""
        self.messages.append(message)


class SmtpSender:
    """Delivers messages to a mail server, in a thread."""

    def __init__(self, settings: AuthSettings) -> None:
        self._settings = settings

    async def send(self, message: EmailMessage) -> None:
        """Deliver the message. Raise OSError or smtplib.SMTPException if that fails."""
        await to_thread.run_sync(self._deliver, self._as_mime(message), limiter=_get_limiter())

    def _as_mime(self, message: EmailMessage) -> MimeMessage:
        mime = MimeMessage()
        mime["From"] = self._settings.email_from
        mime["To"] = message.to
        mime["Subject"] = message.subject
        mime["Date"] = formatdate()
        mime["Message-ID"] = make_msgid(domain=self._settings.email_from.rpartition("@")[2].strip(">") or None)
        mime["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents automatic replies
        mime.set_content(message.body)
        return mime

    def _deliver(self, mime: MimeMessage) -> None:
        with self._connect() as server:
            if self._settings.email_username:
                server.login(self._settings.email_username, self._settings.email_password.get_secret_value())
            server.send_message(mime)

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        address = (settings.email_host, settings.email_port)
        if settings.email_security == "tls":
            return smtplib.SMTP_SSL(*address, timeout=settings.email_timeout, context=ssl.create_default_context())
        server = smtplib.SMTP(*address, timeout=settings.email_timeout)
        if settings.email_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        return server


def make_sender(settings: AuthSettings, *, debug: bool) -> EmailSender:
    """Return the sender for `AUTH_EMAIL_BACKEND`; printed messages include the body only if `debug` is set."""
    return SmtpSender(settings) if settings.email_backend == "smtp" else ConsoleSender(show_body=debug)


def _get_limiter() -> CapacityLimiter:
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(MAXIMUM_THREADS)
        _limiter.set(limiter)
        return limiter
