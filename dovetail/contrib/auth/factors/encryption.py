"""Encrypt what has to be read again, such as the secret of an authenticator app, with a key made of SECRET_KEY.

Fernet of the library cryptography (AES-128 in CBC mode with an HMAC-SHA256), with a key by HKDF (RFC 5869). Who
changes SECRET_KEY leaves the old one in SECRET_KEY_FALLBACKS, by which what it encrypted is read until it was encrypted
anew; without that users log in with a passkey or a recovery code, and enrol anew.
"""

from base64 import urlsafe_b64encode
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import SecretStr

from dovetail.settings import secrets_to_read_with

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


def encrypt(text: str, secret_key: SecretStr) -> str:
    """Return the text, encrypted, as base64url."""
    return _fernet(secret_key.get_secret_value()).encrypt(text.encode()).decode()


def decrypt(encrypted: str, secret_key: SecretStr) -> str | None:
    """Return what `encrypt` was given; None if it was another SECRET_KEY, or if it was tampered with."""
    from cryptography.fernet import InvalidToken

    for secret in secrets_to_read_with(secret_key):
        with suppress(InvalidToken):
            return _fernet(secret).decrypt(encrypted).decode()
    return None


@lru_cache(maxsize=8)
def _fernet(secret_key: str) -> "Fernet":
    # Imported here: OpenSSL costs megabytes and milliseconds, which a site without second factors does without.
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"dovetail.auth.factors 1").derive(
        secret_key.encode()
    )
    return Fernet(urlsafe_b64encode(derived))
