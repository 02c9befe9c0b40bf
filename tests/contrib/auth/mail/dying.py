"""A process that is killed: right after the commit of a mail, or while it is sending one."""

import asyncio
import os
import signal
import sys

from config.settings import Settings
from dovetail.context import open_context
from dovetail.contrib.auth.mail.backends import EmailMessage
from dovetail.contrib.auth.mail.dispatcher import MailDispatcher
from dovetail.contrib.auth.mail.outbox import send_message
from dovetail.registry import load_registry
from dovetail.settings import load_settings


class Killer:
    async def send(self, message: EmailMessage) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


async def main(when: str) -> None:
    settings = load_settings(Settings)
    async with open_context(settings, load_registry(settings)) as context:
        async with context.database.unit_of_work() as session:
            await send_message(session, EmailMessage(to="ada@example.org", subject=when, body="Hello"))
        if when == "sending":
            auth = context.plugin_settings["auth"]
            await MailDispatcher(context.database, lambda: auth, Killer).settle()
        os.kill(os.getpid(), signal.SIGKILL)


asyncio.run(main(sys.argv[1]))
