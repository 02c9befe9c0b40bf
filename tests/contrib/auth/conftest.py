"""Fixtures of auth's own tests."""

from dataclasses import dataclass

import argon2
import pytest


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
