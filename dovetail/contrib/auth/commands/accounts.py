"""`manage.py createsuperuser` and `changepassword`."""

import secrets
import sys
from collections.abc import Callable
from functools import partial

import click
from pydantic import BaseModel, SecretStr
from sqlalchemy import exists, select

from dovetail.contrib.auth.accounts.password_validation import check_password
from dovetail.contrib.auth.accounts.passwords import HashedPassword, hash_password
from dovetail.contrib.auth.factors.links import check_can_enrol, print_enrolment_link
from dovetail.contrib.auth.mail import emails
from dovetail.contrib.auth.mail.outbox import tell
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.users import (
    create_user,
    get_user_by_login,
    normalize_email,
    normalize_username,
    set_password,
)
from dovetail.errors import ConflictError, InvalidInputError, NotFoundError
from dovetail.plugin import Context, async_command
from dovetail.settings import load_plugin_settings


class NewPasskeyUser(BaseModel):
    """A superuser to create who logs in with a passkey, from SUPERUSER_USERNAME and SUPERUSER_EMAIL."""

    username: str
    email: str


class NewSuperuser(NewPasskeyUser):
    """A superuser to create who logs in with a password, also from SUPERUSER_PASSWORD."""

    password: SecretStr


@click.command()
@click.option("--noinput", is_flag=True, help="Ask nothing: read SUPERUSER_USERNAME, _EMAIL and _PASSWORD.")
@click.option("--if-none", is_flag=True, help="Make `admin` with a random password, unless there is a superuser.")
@click.option("--passkey", is_flag=True, help="No password: print a link that registers a passkey, once.")
@async_command
async def createsuperuser(context: Context, *, noinput: bool, if_none: bool, passkey: bool) -> None:
    """Create a superuser, who has all permissions."""
    if if_none:
        await _create_first(context)
        return
    if noinput:
        new = load_plugin_settings(
            NewPasskeyUser if passkey else NewSuperuser,
            "SUPERUSER_",
            context.settings.base_dir,
            context.settings.dotenv_files(),
        )
    else:
        new = _ask(context, has_password=not passkey)
    if passkey:
        check_can_enrol(context)
    await _create(context, new)
    click.echo(f"The superuser {new.username} was made.")
    if passkey:
        await print_enrolment_link(context, new.username)


@click.command()
@click.argument("username")
@async_command
async def changepassword(context: Context, username: str) -> None:
    """Give the user USERNAME (or with this e-mail address) a new password, and end all their sessions."""
    async with context.database.unit_of_work(read_only=True) as session:
        user = await get_user_by_login(session, username)
    if user is None:
        raise NotFoundError(f"There is no user {username!r}.")
    check = partial(
        check_password,
        username=user.username,
        email=user.email,
        full_name=user.full_name,
        has_second_factor=user.has_second_factor,
        context=context,
    )
    hashed = HashedPassword(await hash_password(_ask_password(check)))
    async with context.database.unit_of_work() as session:
        owner = await session.get_one(User, user.id)
        await set_password(session, owner, hashed)
        await tell(session, owner, emails.password_changed)  # sent by a server or by `sendmail`
    click.echo(f"The password of {user.username} was changed, and all their sessions were ended.")


async def _create(context: Context, new: NewPasskeyUser) -> None:
    async with context.database.unit_of_work() as session:
        await create_user(
            session,
            username=new.username,
            email=new.email,
            password=new.password.get_secret_value() if isinstance(new, NewSuperuser) else None,
            is_verified=True,
            is_superuser=True,
        )


async def _create_first(context: Context) -> None:
    if await _has_superuser(context):
        return
    password = secrets.token_urlsafe(15)
    try:
        await _create(context, NewSuperuser(username="admin", email="admin@example.com", password=SecretStr(password)))
    except ConflictError as error:
        # The unique index decides between two concurrent commands; the other one has printed its password.
        if await _has_superuser(context):
            return
        raise ConflictError(f"{error.detail} That one is no superuser; run `manage.py createsuperuser`.") from None
    click.echo("An administrator was made. The password is shown this once and is stored nowhere:")
    click.echo(f"  username: admin\n  password: {password}")
    click.echo("Change it with `manage.py changepassword admin`.")


async def _has_superuser(context: Context) -> bool:
    async with context.database.unit_of_work(read_only=True) as session:
        return bool(await session.scalar(select(exists().where(User.is_superuser.is_(True)))))


def _ask(context: Context, *, has_password: bool) -> NewPasskeyUser:
    username = click.prompt("Username", value_proc=_checked(normalize_username))
    email = click.prompt("E-mail address", value_proc=_checked(normalize_email))
    if not has_password:
        return NewPasskeyUser(username=username, email=email)
    check = partial(check_password, username=username, email=email, context=context)
    return NewSuperuser(username=username, email=email, password=SecretStr(_ask_password(check)))


def _ask_password(check: Callable[[str], None]) -> str:
    # If standard input is no terminal, nothing is echoed anyway, and getpass would warn that it cannot hide it.
    hide = sys.stdin.isatty()
    while True:
        password: str = click.prompt("Password", hide_input=hide, confirmation_prompt="Password (again)")
        try:
            check(password)
        except InvalidInputError as error:
            click.echo(error.detail, err=True)
        else:
            return password


def _checked(clean: Callable[[str], str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        try:
            return clean(value)
        except InvalidInputError as error:
            raise click.UsageError(error.detail) from None  # click prints it and prompts again

    return check
