"""Signatures with the site's SECRET_KEY. Each purpose has a key: a text signed for one is refused for any other.

    signer = Signer(settings.secret_key, "blog.unsubscribe")
    text = signer.dumps({"user": 7})
    value = signer.loads(text)

As in `django.core.signing`, the key is derived from the secret and the purpose (Django's salt). Nothing is encrypted.
Texts that were signed with a secret of SECRET_KEY_FALLBACKS are read as well.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest, digest
from typing import TypeAlias

from pydantic import SecretStr

from dovetail.settings import secrets_to_read_with

SIGNATURE_LENGTH = 16  # bytes of an HMAC-SHA256 that stand before a signed value (RFC 2104, section 5)
_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode  # json.dumps would make one each time
_from_json = json.JSONDecoder().decode  # json.loads looks first in which code the bytes are

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"


class BadSignatureError(ValueError):
    """The text was not signed with this key for this purpose."""


class Signer:
    """Signs for one purpose: a name that starts with the plugin's, such as "blog.unsubscribe"."""

    def __init__(self, secret_key: SecretStr, purpose: str) -> None:
        self._key, *self._earlier = (_derive_key(secret, purpose) for secret in secrets_to_read_with(secret_key))

    def signature(self, message: bytes) -> bytes:
        """Return the HMAC-SHA256 of a message, 32 bytes."""
        return digest(self._key, message, "sha256")

    def signatures(self, message: bytes) -> tuple[bytes, ...]:
        """Return the signature of a message, and those that it had with the secrets of SECRET_KEY_FALLBACKS."""
        return tuple(digest(key, message, "sha256") for key in (self._key, *self._earlier))

    def is_signature(self, message: bytes, signature: bytes) -> bool:
        """Return whether it is the signature of `message`; the time does not tell how much of it is right."""
        return any(compare_digest(signature, digest(key, message, "sha256")) for key in (self._key, *self._earlier))

    def dumps(self, value: Json) -> str:
        """Return a value as JSON with its signature, in a text for URLs and cookies. Raise ValueError if it is none."""
        payload = _to_json(value).encode(errors="replace")
        return base64url(self.signature(payload)[:SIGNATURE_LENGTH] + payload)

    def loads(self, text: str) -> Json:
        """Return the value of a text that `dumps` returned. Raise BadSignatureError for every other text."""
        raw = _decode(text)
        signature, payload = raw[:SIGNATURE_LENGTH], raw[SIGNATURE_LENGTH:]
        expected = (digest(key, payload, "sha256")[:SIGNATURE_LENGTH] for key in (self._key, *self._earlier))
        if not any(compare_digest(signature, one) for one in expected):
            raise BadSignatureError
        value: Json = _from_json(payload.decode())
        return value


def hash_token(token: str) -> str:
    """Return the hash under which a token is stored: its SHA-256, 64 hexadecimal digits.

    A token has 256 random bits, so it cannot be guessed from a fast hash without a salt.
    """
    return sha256(token.encode(errors="replace")).hexdigest()


@lru_cache(maxsize=1024)
def _derive_key(secret: str, purpose: str) -> bytes:
    return digest(secret.encode(), f"dovetail.signing 1\0{purpose}".encode(), "sha256")


def base64url(raw: bytes) -> str:
    """Return bytes as text for URLs, without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        raise BadSignatureError from None
    if base64url(raw) != text:  # base64 ignores characters outside of its alphabet
        raise BadSignatureError
    return raw
