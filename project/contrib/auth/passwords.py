"""Hash and verify passwords with Argon2, in threads and never on the event loop.

By pwdlib, and as fastapi-users does it: its `PasswordHelper` is these two hashers, but comes with all of FastAPI.
"""

import os
from functools import partial

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

MINIMUM_LENGTH = 8
MAXIMUM_LENGTH = 128
UNUSABLE = "!"  # stored as a hash, it matches no password

hasher = PasswordHash((Argon2Hasher(), BcryptHasher()))  # the first makes, both verify
# One hash takes a whole core and 64 MiB, so more at once than there are cores would only cost memory. The limit is
# the event loop's: two applications on one loop share the same cores.
_limiter: RunVar[CapacityLimiter] = RunVar("dovetail_password_limiter")


async def hash_password(password: str) -> str:
    """The Argon2id hash of `password`, computed in a thread."""
    return await to_thread.run_sync(hasher.hash, password, limiter=_get_limiter())


async def verify_password(password: str, hashed_password: str | None) -> tuple[bool, str | None]:
    """Whether `password` matches, and a new hash if the old one is weaker than what is made today.

    Without a usable hash (`None`, `"!"`, anything unknown) the answer is no, after the same work. What no
    password can be, over the maximum length or not Unicode, is never hashed.
    """
    if len(password) > MAXIMUM_LENGTH or not is_text(password):
        return False, None
    return await to_thread.run_sync(partial(_verify, password, hashed_password), limiter=_get_limiter())


def is_text(value: str) -> bool:
    """Whether the text can be encoded: JSON and the command line can bring lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _verify(password: str, hashed_password: str | None) -> tuple[bool, str | None]:
    try:
        return hasher.verify_and_update(password, hashed_password or UNUSABLE)
    except UnknownHashError:
        hasher.hash(password)  # an answer that comes sooner would tell that there is nobody of this name
        return False, None


def _get_limiter() -> CapacityLimiter:
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(os.cpu_count() or 1)
        _limiter.set(limiter)
        return limiter
