"""Hash and verify passwords with Argon2 in threads, never on the event loop. Threads and waiting calls are limited.

`hashing` does the work. It is imported by the first thread that needs it.
"""

import os
from dataclasses import dataclass, field

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from dovetail.contrib.auth.password_rules.length import LONGEST, SHORTEST
from dovetail.errors import UnavailableError
from dovetail.translation.texts import gettext
from dovetail.validators import normalize

MINIMUM_LENGTH = SHORTEST
MAXIMUM_LENGTH = LONGEST
WAIT = 5  # seconds for Retry-After
MAXIMUM_WAITING = 100  # calls that wait for a thread: some seconds of work for two cores

# A hash takes a whole core and 64 MiB, so running more at once than there are cores would only cost memory. There is
# one limiter per event loop: two applications on one loop share the same cores.
_limiter: RunVar[CapacityLimiter] = RunVar("dovetail_password_limiter")


@dataclass(frozen=True)
class HashedPassword:
    """The hash of a new password that passed validation; created by `users.hash_new_password`."""

    value: str = field(repr=False)


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of `password`, computed in a thread.

    Raise UnavailableError if too many calls are waiting already.
    """
    return await to_thread.run_sync(_hash, normalized(password), limiter=_get_limiter())


async def verify_password(password: str, hashed_password: str | None) -> tuple[bool, str | None]:
    """Return (whether the password matches, a new hash if the old one is weak).

    The new hash depends only on the password and the old hash, so that concurrent logins compute the same one.

    Without a usable hash (None, "!" or an unknown format), return False after the same amount of work. A password that
    is too long or not valid Unicode is refused without hashing. Raise UnavailableError if too many calls are waiting.
    """
    if len(password) > MAXIMUM_LENGTH or not is_text(password):
        return False, None
    return await to_thread.run_sync(_verify, password, hashed_password, limiter=_get_limiter())


def is_text(value: str) -> bool:
    """Return whether a text is valid Unicode: JSON and the command line can contain lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def normalized(password: str) -> str:
    """Return a password in NFKC, the form that is hashed: keyboards encode the same characters in different ways.

    See NIST SP 800-63B-4, section 3.1.1.2, and RFC 8265. Raise ValueError for a password that is too long.
    """
    return normalize(password, maximum=MAXIMUM_LENGTH)


def _hash(normal: str) -> str:
    from dovetail.contrib.auth.accounts import hashing

    return hashing.new_hash(normal)


def _verify(password: str, hashed_password: str | None) -> tuple[bool, str | None]:
    from dovetail.contrib.auth.accounts import hashing

    return hashing.verify(normalized(password), password, hashed_password)


def _get_limiter() -> CapacityLimiter:
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(os.cpu_count() or 1)
        _limiter.set(limiter)
    if limiter.statistics().tasks_waiting >= MAXIMUM_WAITING:
        raise UnavailableError(gettext("Too many logins are at work; try again shortly."), retry_after=WAIT)
    return limiter
