"""Connect logins at providers to accounts, and find the account of a login.

A login only opens the account that its owner, while logged in, has connected it to. An equal e-mail address proves
nothing: whoever runs the provider, or owned the address before, could claim it.
"""

import re
import secrets
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.factors.passkeys.registration import passkeys_of
from dovetail.contrib.auth.mail.outbox import notify_of_change
from dovetail.contrib.auth.models import MAXIMUM_USERNAME, UNUSABLE_PASSWORD, User
from dovetail.contrib.auth.providers.models import ConnectedLogin, ProviderLogin
from dovetail.contrib.auth.setting_types.providers import AnyProvider
from dovetail.contrib.auth.users import create_user
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.errors import ConflictError, InvalidInputError, NotAuthenticatedError, NotFoundError
from dovetail.translation.texts import gettext

TRIES = 5  # to find a free username


async def find_holder(session: AsyncSession, issuer: str, subject: str) -> User | None:
    """Return the user connected to this subject, locked as `authenticate` does; None if there is none."""
    return await session.scalar(
        select(User)
        .join(ConnectedLogin, ConnectedLogin.user_id == User.id)
        .where(ConnectedLogin.issuer == issuer, ConnectedLogin.subject == subject)
        .with_for_update(key_share=True, of=User)
        .execution_options(populate_existing=True)
    )


async def user_of(session: AsyncSession, login: ProviderLogin, provider: AnyProvider) -> User:
    """Return the user whom this login opens an account for; a new account is created if the settings allow it.

    Raise NotAuthenticatedError otherwise.
    """
    if login.failure:
        raise NotAuthenticatedError(login.failure)
    user = await find_holder(session, login.issuer, login.subject)
    if user is None:
        return await _sign_up(session, login, provider)
    if not user.is_active:
        raise NotAuthenticatedError(gettext("This account is deactivated."))
    return user


async def connect(session: AsyncSession, user: User, login: ProviderLogin, provider: AnyProvider) -> ConnectedLogin:
    """Connect a login at a provider to an account. The owner of the account has to be the current user.

    Raise ConflictError if it is connected to an account already, or if the provider has not confirmed an address.
    """
    if login.failure:
        raise ConflictError(login.failure)
    if not (login.email and login.email_verified):
        raise ConflictError(_unconfirmed(provider))
    row = ConnectedLogin(
        user_id=user.id,
        issuer=login.issuer,
        subject=login.subject,
        provider=provider.name,
        email=login.email,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise ConflictError(
            gettext("This login at %(label)s is connected with an account already.") % {"label": provider.label}
        ) from None
    await record(session, EventKind.IDENTITY_LINKED, user=user, actor=user, detail=_describe(row))
    await notify_of_change(
        session,
        user,
        lambda: (
            gettext("from now on %(email)s may log in to your account, at %(label)s.")
            % {"email": row.email, "label": provider.label}
        ),
    )
    return row


async def connected_logins(session: AsyncSession, user: User) -> Sequence[ConnectedLogin]:
    """Return the logins connected to an account, oldest first."""
    statement = select(ConnectedLogin).where(ConnectedLogin.user_id == user.id).order_by(ConnectedLogin.id)
    return (await session.scalars(statement)).all()


async def disconnect(session: AsyncSession, user: User, key: int, providers: Sequence[AnyProvider]) -> ConnectedLogin:
    """Delete a connected login of a user, whose row is locked, and return it.

    Raise NotFoundError, and ConflictError if the user could not log in any more: without a password, a passkey, or
    another login at one of `providers`.
    """
    locked = await session.scalar(
        select(User).where(User.id == user.id).with_for_update().execution_options(populate_existing=True)
    )
    own = {row.id: row for row in await connected_logins(session, user)}
    if locked is None or key not in own:
        raise NotFoundError
    authorities = {provider.authority for provider in providers}
    others = [row for row in own.values() if row.id != key and row.issuer in authorities]
    has_other = locked.hashed_password != UNUSABLE_PASSWORD or others or await passkeys_of(session, user.id)
    if not has_other:
        raise ConflictError(
            gettext("This is the only way to log in to your account; set a password or connect another first.")
        )
    await session.execute(delete(ConnectedLogin).where(ConnectedLogin.id == key), execution_options=NO_SYNCHRONIZATION)
    gone = own[key]
    await record(session, EventKind.IDENTITY_UNLINKED, user=user, detail=_describe(gone))
    await notify_of_change(
        session,
        user,
        lambda: (
            gettext("%(email)s may no longer log in to your account, at %(provider)s.")
            % {"email": gone.email, "provider": gone.provider}
        ),
    )
    return gone


async def disconnect_all(session: AsyncSession, user: User) -> int:
    """Delete the connected logins of a locked user, and return how many there were."""
    rows = await connected_logins(session, user)
    for row in rows:
        await session.delete(row)
        await record(session, EventKind.IDENTITY_UNLINKED, user=user, detail=_describe(row))
    await session.flush()
    return len(rows)


def _describe(row: ConnectedLogin) -> str:
    return f"{row.email} at {row.provider} ({row.issuer}, subject {row.subject})"


async def _sign_up(session: AsyncSession, login: ProviderLogin, provider: AnyProvider) -> User:
    if not provider.sign_up:
        raise NotAuthenticatedError(
            gettext(
                "No account is connected with this login at %(label)s. Log in another way, and connect it "
                "in your account."
            )
            % {"label": provider.label}
        )
    if not (login.email and login.email_verified):
        raise NotAuthenticatedError(_unconfirmed(provider))
    user = await _create_user(session, login, provider)
    await connect(session, user, login, provider)
    return user


async def _create_user(session: AsyncSession, login: ProviderLogin, provider: AnyProvider) -> User:
    wanted = _username_from(login)
    for number in range(TRIES):
        try:
            return await create_user(
                session,
                username=wanted if number == 0 else f"{wanted[: MAXIMUM_USERNAME - 7]}-{secrets.randbelow(10**6)}",
                email=login.email,
                password=None,
                full_name=login.full_name,
                is_verified=True,
            )
        except ConflictError as error:
            if any(found.pointer == "/email" for found in error.errors):
                raise NotAuthenticatedError(
                    gettext(
                        "An account with the address %(email)s exists already. Log in to it another way, and "
                        "connect %(label)s there."
                    )
                    % {"email": login.email, "label": provider.label}
                ) from None
        except InvalidInputError as error:  # an invalid address; the username was cleaned
            raise NotAuthenticatedError(
                gettext("%(label)s gave what cannot be used: %(detail)s")
                % {"label": provider.label, "detail": error.detail}
            ) from None
    raise ConflictError(gettext("No free username was found; try again."))


def _username_from(login: ProviderLogin) -> str:
    for text in (login.username.partition("@")[0], login.email.partition("@")[0]):
        name = re.sub(r"[^A-Za-z0-9_.+-]+", "-", text).lstrip(".+-")[:MAXIMUM_USERNAME]
        if name:
            return name
    return "user"


def _unconfirmed(provider: AnyProvider) -> str:
    return gettext("%(label)s does not vouch for an e-mail address of yours; confirm it there first.") % {
        "label": provider.label
    }
