"""Fixtures of auth's own tests."""

from dataclasses import dataclass
from functools import partial

import argon2
import pytest

from tests import outside


@dataclass
class Hashes:
    """How often Argon2 did its work."""

    count: int = 0


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Hashes:
    """Count what Argon2 is asked to do, whether hashing or verifying."""
    seen = Hashes()
    for name in ("hash", "verify"):
        original = getattr(argon2.PasswordHasher, name)

        def counted(*args, original=original, **kwargs):
            seen.count += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(argon2.PasswordHasher, name, counted)
    return seen


@pytest.fixture
async def ada(make_user):
    """Return somebody with an account and nothing more."""
    return await make_user(username="ada")


@pytest.fixture
async def ada_client(client_for, ada):
    """Return a client with a token of ada's."""
    return await client_for(ada)


@pytest.fixture
def run_async(settings):
    """Run `async def function(session)` in a transaction of its own, from a test that is not async."""
    return partial(outside.run_async, settings)
