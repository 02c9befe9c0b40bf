"""Hash and verify passwords with Argon2, in threads and never on the event loop: a bounded pool with a bounded queue.

`hashing` does the work. The first thread that has some imports it.
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
WAIT = 5  # seconds that somebody is told to wait
MAXIMUM_WAITING = 100  # hashes that wait for a thread: some seconds of work for two cores

# One hash takes a whole core and 64 MiB, so more at once than there are cores would only cost memory. The limit is
# the event loop's: two applications on one loop share the same cores.
_limiter: RunVar[CapacityLimiter] = RunVar("dovetail_password_limiter")


@dataclass(frozen=True)
class HashedPassword:
    """A new password that was found good enough, as it is stored; `users.hash_new_password` makes it."""

    value: str = field(repr=False)


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of `password`, computed in a thread.

    Raise UnavailableError if too many wait for a thread already.
    """
    return await to_thread.run_sync(_hash, normalized(password), limiter=_get_limiter())


async def verify_password(password: str, hashed_password: str | None) -> tuple[bool, str | None]:
    """Return True if `password` matches, and a new hash if the old one is weaker than what is made today.

    Whoever verifies the same password against the same old hash gets the same new one: of two logins at once, each
    knows what the other stores.

    Without a usable hash (`None`, `"!"`, anything unknown) it is False, after the same work. What no password can be,
    over the maximum length or not Unicode, is never hashed. Raise UnavailableError if too many wait already.
    """
    if len(password) > MAXIMUM_LENGTH or not is_text(password):
        return False, None
    return await to_thread.run_sync(_verify, password, hashed_password, limiter=_get_limiter())


def is_text(value: str) -> bool:
    """Return True if the text can be encoded: JSON and the command line can bring lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def normalized(password: str) -> str:
    """Return a password in the form that is hashed, NFKC: keyboards write the same letters in several ways.

    (NIST SP 800-63B-4, section 3.1.1.2, as RFC 8265 has it for passwords.) Raise ValueError for one that is too long.
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
