"""The numbers of a pool of connections."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PoolStatistics:
    """The state of a pool; times are in seconds."""

    size: int
    max_overflow: int
    timeout: float
    recycle: int
    pre_ping: bool
    checked_in: int
    checked_out: int
    overflow: int
    waiting: int  # callers waiting for a connection
    timeouts: int  # callers that gave up since the process started
