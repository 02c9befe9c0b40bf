"""Hash and verify passwords with Argon2. `passwords` calls these functions in threads.

They use pwdlib with the same hashers as fastapi-users' `PasswordHelper`, which would import all of FastAPI. Import this
module only when a password has to be hashed: its dependencies take a megabyte that a start does not need.
"""

from hashlib import sha256

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from dovetail.contrib.auth.models import UNUSABLE_PASSWORD

SALT_LENGTH = 16  # bytes, as Argon2 recommends (RFC 9106, section 3.1)

hasher = PasswordHash((Argon2Hasher(), BcryptHasher()))  # new hashes use the first; both can be verified


def new_hash(normal: str) -> str:
    """Return the Argon2id hash of a normalized password."""
    return hasher.hash(normal)


def verify(normal: str, typed: str, hashed_password: str | None) -> tuple[bool, str | None]:
    """Return (whether the password has this hash, a new hash if the old one is weak).

    `normal` is the normalized password, `typed` the original one.
    """
    stored = hashed_password or UNUSABLE_PASSWORD
    try:
        verified = hasher.verify(normal, stored)
        if not verified and normal != typed:  # the hash may be older than the normalization of passwords
            return hasher.verify(typed, stored), None
    except UnknownHashError:
        for text in dict.fromkeys((normal, typed)):  # as many as above, so that the time does not reveal who exists
            hasher.hash(text)
        return False, None
    if not verified or not _is_weak(stored):
        return verified, None
    # A salt need not be secret, only unique. Derived from the old hash, it is the same for concurrent logins.
    return True, hasher.hash(normal, salt=sha256(stored.encode()).digest()[:SALT_LENGTH])


def _is_weak(stored: str) -> bool:
    current = hasher.current_hasher
    return not current.identify(stored) or current.check_needs_rehash(stored)
