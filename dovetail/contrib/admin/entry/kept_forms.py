"""Keep a form that was submitted after its session had ended, and show it again when the user has logged in.

A form is stored only if its CSRF token (`csrf_token`) proves that it was rendered for a user. It is shown only to
that user, and never saved automatically: the user reviews it and submits it again. Passwords are not stored, and of
files only the names, so that the page can ask for them again.
"""

import json
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from urllib.parse import urlencode

from pydantic import SecretStr
from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from dovetail.contrib.admin.models import KeptForm, is_over
from dovetail.contrib.admin.signatures.sealing import fernet_for
from dovetail.contrib.admin.web.csrf import FIELD
from dovetail.contrib.admin.web.form_fields import HELD, KEPT_FORM, KEPT_TOKEN, NEVER_KEPT, NOT_KEPT
from dovetail.contrib.auth.models import User
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.database.session import SAFE_METHODS
from dovetail.signing import hash_token

PURPOSE = "dovetail.admin.kept_forms"
PARAMETER = "kept"  # query parameter of the URL to return to
LIFETIME = timedelta(hours=1)
LARGEST = 256_000  # characters of a form, as JSON
LONGEST_PATH = 2000
MOST = 10  # of one user


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """The forms of a route that are stored if the user has to log in again, and the page that shows them again."""

    is_promised: bool = True  # whether the user is told; a page of a plugin may not show it
    page: Callable[[Request], str] | None = None  # returns the path of the page; None if it is that of the form
    page_of_plugin: Callable[[Request], str | None] | None = None  # the same, of a form with a URL of its own
    names: Container[str] | None = None  # the fields that are stored; None for all

    def path(self, request: Request) -> str | None:
        """Return the path by which a form is stored; None if no page shows it again."""
        return request.url.path if self.page_of_plugin is None else self.page_of_plugin(request)

    def back(self, request: Request) -> str | None:
        """Return the path of the page that shows the form again; None if none does."""
        return self.path(request) if self.page is None else self.page(request)


@dataclass(frozen=True, kw_only=True)
class FoundForm:
    """A stored form: the path that it was submitted to, and its fields."""

    path: str
    form: FormData


async def keep_form(
    session: AsyncSession, secret_key: SecretStr, request: Request, owner: int, keeping: Keeping
) -> str | None:
    """Store the form of a request for an hour, and return its token.

    Return None for a form that is too large, or on no page that shows it again, and for a deleted user.
    """
    form, path = await request.form(), keeping.path(request)
    fields = [*texts_of(form), *_names_of_files(form)]
    text = json.dumps([one for one in fields if keeping.names is None or one[0] in keeping.names])
    if path is None:
        return None
    if len(text) > LARGEST or len(path) > LONGEST_PATH:
        return None
    locked = select(User.id).where(User.id == owner, User.is_active.is_(True)).with_for_update(key_share=True)
    if await session.scalar(locked) is None:
        return None
    await _make_room(session, owner)
    token = token_urlsafe(32)
    sealed = fernet_for(secret_key, PURPOSE, token).encrypt(text.encode()).decode()
    expires_at = datetime.now(UTC) + LIFETIME
    session.add(KeptForm(token_hash=hash_token(token), user_id=owner, path=path, sealed=sealed, expires_at=expires_at))
    await session.flush()
    return token


async def find_form(session: AsyncSession, secret_key: SecretStr, request: Request, user: User) -> FormData | None:
    """Return the stored form of this URL, if it belongs to the user; None if there is none."""
    found = await find_form_of(session, secret_key, request, user, [request.url.path])
    return None if found is None else found.form


async def find_form_of(
    session: AsyncSession, secret_key: SecretStr, request: Request, user: User, paths: Sequence[str]
) -> FoundForm | None:
    """Return the stored form that this URL names, if it was submitted by the user to one of `paths`."""
    token = request.query_params.get(PARAMETER)
    if not token:
        return None
    asked = select(KeptForm.path, KeptForm.sealed).where(*_is_meant(user, token, paths), ~is_over())
    found = (await session.execute(asked)).one_or_none()
    form = None if found is None else _unsealed(secret_key, token, found.sealed)
    if found is None or form is None:
        return None
    KEPT_TOKEN.set(request, token)
    return FoundForm(path=found.path, form=form)


async def forget_form(session: AsyncSession, request: Request, user: User, keeping: Keeping | None = None) -> None:
    """Delete the stored form of this URL, or of the hidden field HELD, after it was saved."""
    token = request.query_params.get(PARAMETER) or KEPT_TOKEN.find(request)
    path = request.url.path if keeping is None else keeping.path(request)
    if token and path is not None:
        forget = delete(KeptForm).where(*_is_meant(user, token, [path]))
        await session.execute(forget, execution_options=NO_SYNCHRONIZATION)


async def offer_form(
    session: AsyncSession, secret_key: SecretStr, request: Request, user: User, keeping: Keeping
) -> None:
    """Offer the stored form of this URL to the page, which may show it; forget it once the page is submitted again."""
    if request.method not in SAFE_METHODS:
        await forget_form(session, request, user, keeping)
    elif (kept := await find_form(session, secret_key, request, user)) is not None:
        KEPT_FORM.set(request, kept)


def without_parameter(request: Request) -> Request:
    """Return the request without the parameter of a stored form, for a page whose links repeat the query."""
    query = urlencode([one for one in request.query_params.multi_items() if one[0] != PARAMETER])
    return Request({**request.scope, "query_string": query.encode()}, request.receive)


def texts_of(form: FormData) -> Sequence[tuple[str, str]]:
    """Return the fields of a form that may be stored: no files, passwords or tokens."""
    left_out = {FIELD, HELD, NEVER_KEPT, *form.getlist(NEVER_KEPT)}
    return [
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name not in left_out and "password" not in name.lower()
    ]


def _names_of_files(form: FormData) -> Iterator[tuple[str, str]]:
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and value.filename:
            yield name, f"{NOT_KEPT}{value.filename}"


async def _make_room(session: AsyncSession, owner: int) -> None:
    newest = select(KeptForm.id).where(KeptForm.user_id == owner).order_by(KeptForm.id.desc()).limit(MOST - 1)
    superfluous = delete(KeptForm).where(KeptForm.user_id == owner, or_(is_over(), KeptForm.id.not_in(newest)))
    await session.execute(superfluous, execution_options=NO_SYNCHRONIZATION)


def _is_meant(user: User, token: str, paths: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return KeptForm.token_hash == hash_token(token), KeptForm.user_id == user.id, KeptForm.path.in_(paths)


def _unsealed(secret_key: SecretStr, token: str, sealed: str) -> FormData | None:
    from cryptography.fernet import InvalidToken

    try:
        text = fernet_for(secret_key, PURPOSE, token).decrypt(sealed)
    except InvalidToken:  # encrypted with a SECRET_KEY that is no longer known
        return None
    return FormData([(name, value) for name, value in json.loads(text)])
