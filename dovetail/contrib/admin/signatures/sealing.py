"""Encrypt what users typed before it is stored: drafts, submitted forms, imported tables."""

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from pydantic import SecretStr

from dovetail.signing import Signer

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


def fernet_for(secret_key: SecretStr, purpose: str, whose: str) -> "MultiFernet":
    """Return what encrypts for `whose`; it also decrypts what was encrypted with a secret of SECRET_KEY_FALLBACKS."""
    # Imported here, since OpenSSL takes megabytes of memory and milliseconds, and this is rare.
    from cryptography.fernet import Fernet, MultiFernet

    keys = Signer(secret_key, purpose).signatures(whose.encode())
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys])
