"""An authenticator in pure Python: what a telephone or a security key does when a browser asks it for a passkey."""

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes as decode
from webauthn.helpers import bytes_to_base64url as encode
from webauthn.helpers import encode_cbor

Json: TypeAlias = dict
ORIGIN = "http://localhost:8000"
USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Key:
    """A key pair of one site and user."""

    rp_id: str
    user_handle: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    count: int = 0


@dataclass
class SoftAuthenticator:
    """Holds keys; `origin` is the page that asks, and `verifies` says whether its user gives a finger or a PIN.

    `is_framed` says whether a page of another origin has that page in a frame.
    """

    origin: str = ORIGIN
    is_framed: bool = False
    verifies: bool = True
    counts: bool = True
    keys: list[Key] = field(default_factory=list)

    def create(self, options: Json, **fields: str) -> Json:
        """Answer as `navigator.credentials.create` does, with a key of these `fields`, for an attack."""
        held = {key.id for key in self.keys}
        assert not any(one["id"] in held for one in options.get("excludeCredentials", ())), "InvalidStateError"
        key = Key(rp_id=options["rp"]["id"], user_handle=options["user"]["id"], **fields)
        self.keys.append(key)
        attested = bytes(16) + len(decode(key.id)).to_bytes(2, "big") + decode(key.id) + _cose(key.private)
        data = self._authenticator_data(key, ATTESTED) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": encode(self._client_data("webauthn.create", options["challenge"])),
            "attestationObject": encode(attestation),
            "transports": ["internal", "hybrid", "new-in-2030"],
            "publicKeyAlgorithm": -7,
        }
        return self._credential(key, response)

    def get(self, options: Json, *, key: Key | None = None) -> Json:
        """Answer as `navigator.credentials.get` does."""
        allowed = {one["id"] for one in options.get("allowCredentials", ())}
        key = key or next(
            key for key in self.keys if key.rp_id == options["rpId"] and (not allowed or key.id in allowed)
        )
        key.count += self.counts
        data = self._authenticator_data(key)
        client = self._client_data("webauthn.get", options["challenge"])
        signature = key.private.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": encode(client),
            "authenticatorData": encode(data),
            "signature": encode(signature),
            "userHandle": key.user_handle,
        }
        return self._credential(key, response)

    def _authenticator_data(self, key: Key, more: int = 0) -> bytes:
        flags = USER_PRESENT | (USER_VERIFIED if self.verifies else 0) | more
        return sha256(key.rp_id.encode()).digest() + bytes([flags]) + key.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.is_framed}
        return json.dumps(data).encode()

    def _credential(self, key: Key, response: Json) -> Json:
        return {
            "id": key.id,
            "rawId": key.id,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
        }


def _cose(private: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = private.public_key().public_numbers()
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
