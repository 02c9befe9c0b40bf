"""`manage.py sendmail`."""

from datetime import UTC, datetime

import click
from sqlalchemy import select, update

from dovetail.contrib.auth.mail.backends import make_sender
from dovetail.contrib.auth.mail.dispatcher import MailDispatcher
from dovetail.contrib.auth.mail.languages import MailLanguages
from dovetail.contrib.auth.mail.models import MailKind, OutgoingMail
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.plugin import Context, async_command

MAX_LISTED = 50  # failed mails


@click.command()
@click.option("--retry", is_flag=True, help="Try those again that were given up.")
@async_command
async def sendmail(context: Context, *, retry: bool) -> None:
    """Send the mail that is due, as servers do by themselves, and list the mail that was given up."""
    settings = AuthSettings.of(context.plugin_settings)
    if retry:
        async with context.database.unit_of_work() as session:
            again = update(OutgoingMail).where(OutgoingMail.due_at.is_(None), OutgoingMail.kind == MailKind.MESSAGE)
            await session.execute(again.values(due_at=datetime.now(UTC), attempts=0))
    sender = make_sender(settings, debug=context.settings.debug)
    dispatcher = MailDispatcher(context.database, lambda: settings, lambda: sender, MailLanguages(context.settings))
    await dispatcher.settle()
    click.echo(f"{dispatcher.sent} sent, {dispatcher.failed} failed.")
    async with context.database.unit_of_work(read_only=True) as session:
        given_up = select(OutgoingMail).where(OutgoingMail.due_at.is_(None)).order_by(OutgoingMail.id).limit(MAX_LISTED)
        for mail in await session.scalars(given_up):
            click.echo(f"given up: {mail.subject} to {mail.to}: {mail.error}")
