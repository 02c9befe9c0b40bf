"""E-mail over a real SMTP connection, to a server of a few lines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_string, policy

import pytest

from dovetail.contrib.auth.factors.changes import ADDED
from dovetail.contrib.auth.factors.models import Passkey
from dovetail.contrib.auth.mail.backends import ConsoleSender, EmailMessage, SmtpSender, make_sender
from dovetail.contrib.auth.mail.dispatcher import MAIL_DISPATCHER
from dovetail.contrib.auth.mail.emails import reset_password
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.translation.catalogs import Languages
from dovetail.translation.texts import override_language

MESSAGE = EmailMessage(to="ada@example.org", subject="Grüße\u2026", body="Liebe Ada,\n\n.\nein Punkt allein")


@dataclass
class Mailbox:
    port: int = 0
    received: list[str] = field(default_factory=list)
    refuse: bool = False


@asynccontextmanager
async def smtp_server() -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            command = line.upper()
            if command == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            if command.startswith("RCPT") and mailbox.refuse:
                writer.write(b"550 nobody here\r\n")
            elif command == "DATA":
                writer.write(b"354 go on\r\n")
                mailbox.received.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"250 thanks\r\n")
            else:
                writer.write(b"250 ok\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        mailbox.port = server.sockets[0].getsockname()[1]
        yield mailbox


def sender(port: int) -> SmtpSender:
    settings = AuthSettings(
        email_backend="smtp", email_host="127.0.0.1", email_port=port, email_from="The Site <site@example.org>"
    )
    made = make_sender(settings, debug=False)
    assert isinstance(made, SmtpSender)
    return made


async def test_a_message_arrives_as_it_was_written():
    async with smtp_server() as mailbox:
        await sender(mailbox.port).send(MESSAGE)
    (raw,) = mailbox.received
    received = message_from_string(raw.removesuffix("\r\n.\r\n").replace("\r\n..", "\r\n."), policy=policy.default)
    assert (received["To"], received["From"]) == ("ada@example.org", "The Site <site@example.org>")
    assert received["Subject"] == MESSAGE.subject
    assert received["Message-ID"].endswith("@example.org>")
    assert received["Auto-Submitted"] == "auto-generated"
    assert received.get_content().replace("\r\n", "\n").strip() == MESSAGE.body


async def test_an_unknown_address_and_an_unreachable_server_raise():
    async with smtp_server() as mailbox:
        mailbox.refuse = True
        with pytest.raises(OSError, match="nobody here"):  # SMTPException is an OSError
            await sender(mailbox.port).send(MESSAGE)
    with pytest.raises(OSError, match="refused"):
        await sender(1).send(MESSAGE)


async def test_a_header_cannot_be_smuggled_in():
    async with smtp_server() as mailbox:
        with pytest.raises(ValueError, match="linefeed"):
            await sender(mailbox.port).send(EmailMessage(to="a@x.org\nBcc: b@x.org", subject="x", body="x"))
    assert mailbox.received == []


async def test_development_prints_the_message(capsys):
    assert isinstance(make_sender(AuthSettings(), debug=True), ConsoleSender)
    await ConsoleSender().send(MESSAGE)
    printed = capsys.readouterr().out
    assert "ada@example.org" in printed
    assert MESSAGE.body in printed


async def test_production_prints_no_token_into_its_log(capsys):
    await make_sender(AuthSettings(), debug=False).send(MESSAGE)
    printed = capsys.readouterr().out
    assert "ada@example.org" in printed
    assert MESSAGE.body not in printed


async def test_the_application_sends_with_what_the_environment_names(client, make_user, app):
    async with smtp_server() as mailbox:
        app.state.email_sender = sender(mailbox.port)
        await make_user(username="ada")
        await client.post("/api/auth/forgot-password", json={"email": "ada@example.org"})
        await MAIL_DISPATCHER.get(app).settle()
    assert "To: ada@example.org" in mailbox.received[0]


def test_a_mail_is_in_one_language_with_its_times_and_factors():
    german = Languages.load([("de", "Deutsch")], "de", {}).default
    user = User(id=1, username="ada", email="ada@example.org")
    with override_language(german):
        body = reset_password(user, "token", AuthSettings(reset_token_lifetime=7200)).body
        added = ADDED[Passkey] % {"name": "Laptop"}
        day = reset_password(user, "token", AuthSettings(reset_token_lifetime=86_400)).body
    assert "innerhalb von 2 Stunden" in body
    assert "innerhalb von 1 Tag." in day
    assert added == "der Passkey „Laptop“ wurde hinzugefügt."
    assert "within 2 hours." in reset_password(user, "token", AuthSettings(reset_token_lifetime=7200)).body
