"""Keep a form that was submitted after its session had ended, and show it again when the user has logged in.

A form is stored only if its CSRF token (`csrf_token`) proves that it was rendered for a user. It is shown only to
that user, and never saved automatically: the user reviews it and submits it again. Passwords are not stored, and of
files only the names, so that the page can ask for them again.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pydantic import SecretStr
from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from dovetail.contrib.admin.models import KeptForm, is_over
from dovetail.contrib.admin.web.csrf import FIELD
from dovetail.contrib.admin.web.form_fields import KEPT_FORM, NOT_KEPT
from dovetail.contrib.auth.models import User
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.database.session import SAFE_METHODS
from dovetail.signing import Signer, hash_token

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

PARAMETER = "kept"  # query parameter of the URL to return to
LIFETIME = timedelta(hours=1)
LARGEST = 256_000  # characters of a form, as JSON
LONGEST_PATH = 2000
MOST = 10  # of one user


async def keep_form(session: AsyncSession, secret_key: SecretStr, request: Request, owner: int) -> str | None:
    """Store the form of a request for an hour, and return its token.

    Return None for a form that is too large, and for a deleted user.
    """
    form, path = await request.form(), request.url.path
    text = json.dumps([*texts_of(form), *_names_of_files(form)])
    if len(text) > LARGEST or len(path) > LONGEST_PATH:
        return None
    locked = select(User.id).where(User.id == owner, User.is_active.is_(True)).with_for_update(key_share=True)
    if await session.scalar(locked) is None:
        return None
    await _make_room(session, owner)
    token = token_urlsafe(32)
    sealed = _fernet(secret_key, token).encrypt(text.encode()).decode()
    expires_at = datetime.now(UTC) + LIFETIME
    session.add(KeptForm(token_hash=hash_token(token), user_id=owner, path=path, sealed=sealed, expires_at=expires_at))
    await session.flush()
    return token


async def find_form(session: AsyncSession, secret_key: SecretStr, request: Request, user: User) -> FormData | None:
    """Return the stored form of this URL, if it belongs to the user; None if there is none."""
    token = request.query_params.get(PARAMETER)
    if not token:
        return None
    sealed = await session.scalar(select(KeptForm.sealed).where(*_is_meant(request, user, token), ~is_over()))
    if sealed is None:
        return None
    return _unsealed(secret_key, token, sealed)


async def forget_form(session: AsyncSession, request: Request, user: User) -> None:
    """Delete the stored form, after it was saved."""
    token = request.query_params.get(PARAMETER)
    if token:
        forget = delete(KeptForm).where(*_is_meant(request, user, token))
        await session.execute(forget, execution_options=NO_SYNCHRONIZATION)


async def offer_form(session: AsyncSession, secret_key: SecretStr, request: Request, user: User) -> None:
    """Offer the stored form of this URL to the page, which may show it; forget it once the page is submitted again."""
    if request.method not in SAFE_METHODS:
        await forget_form(session, request, user)
    elif (kept := await find_form(session, secret_key, request, user)) is not None:
        KEPT_FORM.set(request, kept)


def without_parameter(request: Request) -> Request:
    """Return the request without the parameter of a stored form, for a page whose links repeat the query."""
    query = urlencode([one for one in request.query_params.multi_items() if one[0] != PARAMETER])
    return Request({**request.scope, "query_string": query.encode()}, request.receive)


def texts_of(form: FormData) -> Sequence[tuple[str, str]]:
    """Return the fields of a form that may be stored: no files, passwords or tokens."""
    return [
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name != FIELD and "password" not in name.lower()
    ]


def _names_of_files(form: FormData) -> Iterator[tuple[str, str]]:
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and value.filename:
            yield name, f"{NOT_KEPT}{value.filename}"


async def _make_room(session: AsyncSession, owner: int) -> None:
    newest = select(KeptForm.id).where(KeptForm.user_id == owner).order_by(KeptForm.id.desc()).limit(MOST - 1)
    superfluous = delete(KeptForm).where(KeptForm.user_id == owner, or_(is_over(), KeptForm.id.not_in(newest)))
    await session.execute(superfluous, execution_options=NO_SYNCHRONIZATION)


def _is_meant(request: Request, user: User, token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        KeptForm.token_hash == hash_token(token),
        KeptForm.user_id == user.id,
        KeptForm.path == request.url.path,
    )


def _unsealed(secret_key: SecretStr, token: str, sealed: str) -> FormData | None:
    from cryptography.fernet import InvalidToken

    try:
        text = _fernet(secret_key, token).decrypt(sealed)
    except InvalidToken:  # encrypted with another SECRET_KEY
        return None
    return FormData([(name, value) for name, value in json.loads(text)])


def _fernet(secret_key: SecretStr, token: str) -> "Fernet":
    # Imported here, since OpenSSL takes megabytes of memory and milliseconds, and this is rare.
    from cryptography.fernet import Fernet

    return Fernet(urlsafe_b64encode(Signer(secret_key, "dovetail.admin.kept_forms").signature(token.encode())))
