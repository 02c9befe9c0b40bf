"""Determine who sent the current request, and from where."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import inspect

from dovetail.contrib.auth.events.models import (
    MAXIMUM_ADDRESS,
    MAXIMUM_DETAIL,
    MAXIMUM_REQUEST_ID,
    MAXIMUM_USER_AGENT,
)
from dovetail.contrib.auth.models import User
from dovetail.middleware.request_id import current_request_id
from dovetail.state import ACTOR, current_scope


class AccountRef(NamedTuple):
    """The id of an account and its name at the time; (None, "") for nobody."""

    id: int | None = None
    name: str = ""


class CurrentSession(NamedTuple):
    """The id of the session of a user, and whether its use has to be recorded."""

    id: int
    is_due: bool

    def __str__(self) -> str:
        return f"session {self.id}"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The request in which something happened; outside of a request all fields are empty."""

    actor: AccountRef
    address: str
    user_agent: str
    request_id: str


def current_origin() -> Origin:
    """Return the origin of the current request, as reported by a trusted proxy if there is one."""
    scope = current_scope.get() or {}
    address, request_id = current_client()
    return Origin(
        actor=account_ref_of(scope.get(ACTOR)),
        address=address,
        user_agent=printable(_user_agent(scope), MAXIMUM_USER_AGENT),
        request_id=request_id,
    )


def current_client() -> tuple[str, str]:
    """Return (address of the client, id of the request) of the current request; empty outside of one."""
    client = (current_scope.get() or {}).get("client")
    address = printable(str(client[0]), MAXIMUM_ADDRESS) if isinstance(client, tuple | list) and client else ""
    return address, (current_request_id.get() or "")[:MAXIMUM_REQUEST_ID]


def account_ref_of(user: object) -> AccountRef:
    """Return the AccountRef of a User, even after a rollback, or the given AccountRef; otherwise that of nobody."""
    if isinstance(user, AccountRef):
        return user
    if not isinstance(user, User):
        return AccountRef()
    values = vars(user)
    if "id" in values:
        return AccountRef(values["id"], values.get("username", ""))
    identity = inspect(user).identity or (None,)  # after a rollback
    return AccountRef(identity[0], values.get("username", ""))


def clean_detail(text: str) -> str:
    """Return a text in the form in which it is stored and logged."""
    return printable(text, MAXIMUM_DETAIL)


def printable(text: str, maximum: int) -> str:
    """Return at most `maximum` characters of an untrusted text, without characters that could forge a log line."""
    text = text[:maximum]
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)


def _user_agent(scope: Mapping[str, object]) -> str:
    headers = scope.get("headers")
    for name, value in headers if isinstance(headers, list | tuple) else ():
        if name == b"user-agent":
            text: str = value.decode("latin-1")
            return text
    return ""
