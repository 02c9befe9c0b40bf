"""Read how long a migration waits for a lock on PostgreSQL (see lock_waits), without importing SQLAlchemy."""

from dataclasses import dataclass

from dovetail.settings import Settings

LOCK_TIMEOUT = 5.0  # seconds a migration waits for a lock, in short tries
FRACTION = 0.25  # of the time for which a request waits for a connection
LONGEST_TRY = 0.5  # seconds, where that time is as the settings have it by default
PAUSE = 2.0  # times as long as a try


@dataclass(frozen=True, kw_only=True)
class LockPatience:
    """The seconds to wait for a lock in all (0 is for ever), and in one try."""

    total: float = LOCK_TIMEOUT
    once: float = LONGEST_TRY

    @classmethod
    def of(cls, settings: Settings, total: float = LOCK_TIMEOUT) -> "LockPatience":
        """Return the patience for a site: tries so short that no request times out waiting for a connection."""
        once = settings.database_pool_timeout * FRACTION
        return cls(total=total, once=min(once, total or once))
