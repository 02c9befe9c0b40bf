"""Create options for browsers and verify their answers, with the library webauthn.

Both are JSON as `PublicKeyCredential.toJSON()` defines it (WebAuthn Level 3, section 5.1.8). The library is imported in
functions, since it loads OpenSSL.
"""

import json
import logging
import re
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from pydantic import JsonValue

from dovetail.contrib.auth.factors.models import MAXIMUM_CREDENTIAL_ID, Passkey
from dovetail.contrib.auth.factors.passkeys.relying_party import RelyingParty
from dovetail.contrib.auth.models import User

if TYPE_CHECKING:
    from webauthn.helpers.structs import (
        PublicKeyCredentialCreationOptions,
        PublicKeyCredentialDescriptor,
        PublicKeyCredentialRequestOptions,
    )
    from webauthn.registration.verify_registration_response import VerifiedRegistration

logger = logging.getLogger("dovetail.auth")

Json = dict[str, JsonValue]
CREDENTIAL_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{MAXIMUM_CREDENTIAL_ID}}}")
TIMEOUT = 300_000  # milliseconds that a browser waits for its user


def creation_options(party: RelyingParty, user: User, handle: str, challenge: str, existing: Sequence[Passkey]) -> Json:
    """Return options for `navigator.credentials.create`; devices with an existing passkey are excluded."""
    from webauthn import generate_registration_options
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=decode(handle),
        user_name=user.username,
        user_display_name=user.full_name or user.username,
        challenge=decode(challenge),
        timeout=TIMEOUT,
        exclude_credentials=_descriptors(existing),
        # These make a passkey sufficient on its own: it identifies its user, and requires a fingerprint or a PIN.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return _as_json(options)


def request_options(party: RelyingParty, challenge: str, allowed: Sequence[Passkey] = ()) -> Json:
    """Return options for `navigator.credentials.get`, for the passkeys in `allowed`, or any of this site."""
    from webauthn import generate_authentication_options
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=party.id,
        challenge=decode(challenge),
        timeout=TIMEOUT,
        allow_credentials=_descriptors(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _as_json(options)


def verify_registration(party: RelyingParty, credential: Json, challenge: str) -> "VerifiedRegistration | None":
    """Return the new credential if it answers this challenge and the user was verified; else None.

    One that was made in a frame of another site is refused, as is such an assertion.
    """
    from webauthn import verify_registration_response

    try:
        _check_frames(credential)
        return verify_registration_response(
            credential=credential,
            expected_challenge=decode(challenge),
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 - the input is untrusted; whatever the library raises, it is invalid
        logger.warning("A new passkey was refused: %s", error)
        return None


def verify_assertion(party: RelyingParty, credential: Json, challenge: str, passkey: Passkey) -> int | None:
    """Return the new signature counter if this passkey signed the challenge and the user was verified; else None.

    A counter that has not increased indicates a copied passkey, and is refused.
    """
    from webauthn import verify_authentication_response

    try:
        _check_frames(credential)
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=decode(challenge),
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=decode(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("The passkey %d was refused: %s", passkey.id, error)
        return None
    return verified.new_sign_count


def challenge_in(credential: Json) -> str:
    """Return the challenge that the browser claims was signed; `verify_assertion` checks whether it was."""
    try:
        return str(_client_data(credential)["challenge"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def credential_id_in(credential: Json) -> str | None:
    """Return the id of the passkey that the browser claims to have used; None if it is invalid."""
    found = credential.get("id")
    return found if isinstance(found, str) and CREDENTIAL_ID.fullmatch(found) else None


def user_handle_in(credential: Json) -> str | None:
    """Return the user handle that the authenticator sent; None if it sent none."""
    found = _response(credential).get("userHandle")
    return found.rstrip("=") if isinstance(found, str) and found else None


def transports_in(credential: Json) -> str:
    """Return the known transports that the browser reports for a new passkey, separated by spaces."""
    from webauthn.helpers.structs import AuthenticatorTransport

    found = _response(credential).get("transports")
    if not isinstance(found, list):
        return ""
    return " ".join(sorted(transport.value for transport in AuthenticatorTransport if transport.value in found))


def decode(text: str) -> bytes:
    """Return the bytes encoded by a base64url text, padded or not. Raise ValueError if it is invalid."""
    return urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))


def _check_frames(credential: Json) -> None:
    """Raise ValueError if the page that asked was in a frame of another origin, where it may be covered.

    The library does not check it, and this site has no such frames (WebAuthn Level 3, sections 7.1 and 7.2).
    """
    if _client_data(credential).get("crossOrigin", False) is not False:
        raise ValueError("the page was in a frame of another origin")


def _client_data(credential: Json) -> Json:
    return cast("Json", json.loads(decode(str(_response(credential)["clientDataJSON"]))))


def _response(credential: Json) -> Json:
    found = credential.get("response")
    return found if isinstance(found, dict) else {}


def _descriptors(passkeys: Sequence[Passkey]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=decode(passkey.credential_id),
            transports=[AuthenticatorTransport(name) for name in passkey.transports.split()] or None,
        )
        for passkey in passkeys
    ]


def _as_json(options: "PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions") -> Json:
    from webauthn import options_to_json

    return cast("Json", json.loads(options_to_json(options)))
