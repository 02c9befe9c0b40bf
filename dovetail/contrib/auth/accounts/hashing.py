"""Hash and verify passwords with Argon2: the work itself, which `passwords` has done in threads.

By pwdlib, and as fastapi-users does it: its `PasswordHelper` is these two hashers, but comes with all of FastAPI.
Import this module where a password is at hand: what it needs is a megabyte that a start does not.
"""

from hashlib import sha256

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from dovetail.contrib.auth.models import UNUSABLE_PASSWORD

SALT_LENGTH = 16  # bytes, as Argon2 recommends (RFC 9106, section 3.1)

hasher = PasswordHash((Argon2Hasher(), BcryptHasher()))  # the first makes, both verify


def new_hash(normal: str) -> str:
    """Return the Argon2id hash of a normalized password."""
    return hasher.hash(normal)


def verify(normal: str, typed: str, hashed_password: str | None) -> tuple[bool, str | None]:
    """Return True if a password, normalized or as it was typed, has this hash, and a better hash if it is weak."""
    stored = hashed_password or UNUSABLE_PASSWORD
    try:
        verified = hasher.verify(normal, stored)
        if not verified and normal != typed:  # its hash may be of the time when nothing was normalized
            return hasher.verify(typed, stored), None
    except UnknownHashError:
        hasher.hash(normal)  # an answer that comes sooner would tell that there is nobody of this name
        return False, None
    if not verified or not _is_weak(stored):
        return verified, None
    # A salt has to differ from user to user and is no secret; the old hash holds a random one.
    return True, hasher.hash(normal, salt=sha256(stored.encode()).digest()[:SALT_LENGTH])


def _is_weak(stored: str) -> bool:
    current = hasher.current_hasher
    return not current.identify(stored) or current.check_needs_rehash(stored)
