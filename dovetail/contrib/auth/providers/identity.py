"""Read and check a provider's claims about a user: subject, address, names, and how the user was authenticated."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from dovetail.contrib.auth.models import MAXIMUM_EMAIL, MAXIMUM_FULL_NAME, MAXIMUM_USERNAME
from dovetail.contrib.auth.providers.models import MAXIMUM_SUBJECT
from dovetail.contrib.auth.setting_types.providers import ClaimNames, OidcProvider

Claims: TypeAlias = Mapping[str, object]


class ProviderError(Exception):
    """A provider did not answer, or its answer is invalid; the message says why, for the log."""

    def __init__(self, message: str, *, user_message: str = "") -> None:
        super().__init__(message)
        self.user_message = user_message  # a message for the user, instead of the general one


@dataclass(frozen=True, kw_only=True)
class ProviderIdentity:
    """A user as confirmed by a provider. Texts that the provider did not send are empty."""

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    username: str = ""
    full_name: str = ""
    second_factor: bool = False
    authenticated_at: datetime | None = None


def read_identity(issuer: str, claims: Claims, names: ClaimNames) -> ProviderIdentity:
    """Return the user whom the claims describe. Raise ProviderError if they have no valid subject."""
    subject = claims.get(names.subject)
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)  # GitHub's `id`
    if not (isinstance(subject, str) and 0 < len(subject) <= MAXIMUM_SUBJECT and _is_ascii_text(subject)):
        raise ProviderError(f"the claim {names.subject} is no text of 1 to {MAXIMUM_SUBJECT} ASCII characters")
    email = _text(claims, names.email, MAXIMUM_EMAIL)
    return ProviderIdentity(
        issuer=issuer,
        subject=subject,
        email=email,
        email_verified=bool(email) and claims.get(names.email_verified) in (True, "true"),
        username=_text(claims, names.username, MAXIMUM_USERNAME),
        full_name=_text(claims, names.full_name, MAXIMUM_FULL_NAME),
        authenticated_at=_time(claims.get("auth_time")),
    )


def asked_for_second_factor(claims: Claims, provider: OidcProvider) -> bool:
    """Return whether an ID token says that the provider asked for a second factor, by the values in the settings."""
    methods, level = claims.get("amr"), claims.get("acr")
    named = {one for one in methods if isinstance(one, str)} if isinstance(methods, list) else set()
    return bool(named & provider.second_factor_amr) or (isinstance(level, str) and level in provider.second_factor_acr)


def _is_ascii_text(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _text(claims: Claims, name: str, maximum: int) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= maximum and value.isprintable() else ""


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None
    except (ValueError, OverflowError, OSError):
        return None
