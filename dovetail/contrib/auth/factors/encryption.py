"""Encrypt secrets that have to be readable, such as that of an authenticator app, with a key derived from SECRET_KEY.

Fernet of the library cryptography is used (AES-128-CBC with HMAC-SHA256); its key is derived with HKDF (RFC 5869).
After SECRET_KEY is changed, the old key in SECRET_KEY_FALLBACKS decrypts values until they are encrypted again. Without
it, users have to log in with a passkey or a recovery code, and enrol their app again.
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
    """Return the encrypted text, as base64url."""
    return _fernet(secret_key.get_secret_value()).encrypt(text.encode()).decode()


def decrypt(encrypted: str, secret_key: SecretStr) -> str | None:
    """Return the original text; None if it was encrypted with an unknown key, or was tampered with."""
    from cryptography.fernet import InvalidToken

    for secret in secrets_to_read_with(secret_key):
        with suppress(InvalidToken):
            return _fernet(secret).decrypt(encrypted).decode()
    return None


@lru_cache(maxsize=8)
def _fernet(secret_key: str) -> "Fernet":
    # Imported here: OpenSSL costs megabytes and milliseconds, which sites without second factors do not need.
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"dovetail.auth.factors 1").derive(
        secret_key.encode()
    )
    return Fernet(urlsafe_b64encode(derived))
