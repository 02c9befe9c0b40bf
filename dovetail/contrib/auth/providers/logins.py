"""Store logins at providers that are in progress: begun, returned from the provider, and used, each once.

No function here waits for a provider, and no transaction is open while one is contacted.
"""

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.providers.identity import ProviderIdentity
from dovetail.contrib.auth.providers.models import MAXIMUM_FAILURE, ProviderLogin
from dovetail.contrib.auth.setting_types.providers import AnyProvider
from dovetail.database.bulk import NO_SYNCHRONIZATION, delete_some
from dovetail.errors import BadRequestError, FieldError
from dovetail.signing import Signer, base64url, hash_token
from dovetail.translation.texts import gettext

LIFETIME = 600  # seconds for going to the provider, logging in there, and coming back


@dataclass(frozen=True)
class Secrets:
    """The values that a login sends to the provider and expects in its answer, 256 bits each."""

    state: str
    nonce: str
    verifier: str  # of PKCE (RFC 7636)


def secrets_of(state: str, secret_key: SecretStr) -> Secrets:
    """Return the secrets of a state, derived from it and the site's key, so that the database contains none."""
    nonce, verifier = (
        base64url(Signer(secret_key, f"dovetail.auth.provider.{use}").signature(state.encode(errors="replace")))
        for use in ("nonce", "verifier")
    )
    return Secrets(state=state, nonce=nonce, verifier=verifier)


async def begin(session: AsyncSession, provider: AnyProvider, *, browser: str, next_page: str) -> str:
    """Insert a login at `provider` for the browser with this key, and return its state.

    Also delete some expired logins, since anybody can begin any number of them.
    """
    await delete_some(session, ProviderLogin, _is_over())
    now, state = datetime.now(UTC), secrets.token_urlsafe(32)
    session.add(
        ProviderLogin(
            state_hash=hash_token(state),
            browser_hash=hash_token(browser),
            provider=provider.name,
            next=next_page,
            created_at=now,
            expires_at=now + timedelta(seconds=LIFETIME),
        )
    )
    await session.flush()
    return state


async def take_back(session: AsyncSession, provider: AnyProvider, *, state: str, browser: str) -> ProviderLogin:
    """Use up a state and return its login. It has to be unused, in time, and from this provider and browser.

    Raise BadRequestError otherwise. Of several concurrent calls only one updates the row.
    """
    used = (
        update(ProviderLogin)
        .where(
            ProviderLogin.state_hash == hash_token(state),
            ProviderLogin.provider == provider.name,
            *_is_of(browser),
            ProviderLogin.is_back.is_(False),
        )
        .values(is_back=True)
        .returning(ProviderLogin)
    )
    login = await session.scalar(used, execution_options=NO_SYNCHRONIZATION)
    if login is None:
        detail = gettext(
            "This login was not begun in this browser, is over, or took longer than ten minutes; begin again."
        )
        raise BadRequestError(detail, errors=[FieldError(pointer="state", detail=detail, type="bad_state")])
    return login


async def store_identity(session: AsyncSession, login_id: int, identity: ProviderIdentity) -> None:
    """Store what the provider has confirmed, until the browser uses it."""
    await _note(session, login_id, **asdict(identity))


async def note_failure(session: AsyncSession, login_id: int, failure: str) -> None:
    """Store what went wrong, as a message for the user."""
    await _note(session, login_id, failure=failure[:MAXIMUM_FAILURE])


async def make_use(session: AsyncSession, *, browser: str) -> ProviderLogin | None:
    """Delete the results of this browser's logins and return the latest one; None if there is none."""
    deleted = await session.scalars(
        delete(ProviderLogin).where(*_is_of(browser), _is_known).returning(ProviderLogin),
        execution_options=NO_SYNCHRONIZATION,
    )
    return max(deleted, key=lambda login: login.id, default=None)


async def look_at(session: AsyncSession, *, browser: str) -> ProviderLogin | None:
    """Return the same as `make_use`, without deleting it."""
    return await session.scalar(
        select(ProviderLogin).where(*_is_of(browser), _is_known).order_by(ProviderLogin.id.desc()).limit(1)
    )


def _is_over() -> ColumnElement[bool]:
    return ProviderLogin.expires_at <= datetime.now(UTC)


EXPIRED = ("provider login", ProviderLogin, lambda _context: _is_over())  # for `manage.py purge-expired`
# The provider has answered, with a user or a failure.
_is_known = (ProviderLogin.subject != "") | (ProviderLogin.failure != "")


def _is_of(browser: str) -> tuple[ColumnElement[bool], ...]:
    return (ProviderLogin.browser_hash == hash_token(browser), ProviderLogin.expires_at > datetime.now(UTC))


async def _note(session: AsyncSession, login_id: int, **values: object) -> None:
    await session.execute(
        update(ProviderLogin).where(ProviderLogin.id == login_id).values(**values),
        execution_options=NO_SYNCHRONIZATION,
    )
