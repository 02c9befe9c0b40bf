"""Notice that a process is about to run out of file descriptors, and log it.

Without this, uvloop closes new connections in silence, and asyncio logs thousands of tracebacks a second
(docs/server.md).
"""

import asyncio
import logging
from time import monotonic

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]  # typeshed: it is a module only

MOST_KEPT_FREE = 128  # for connections to the database, files, pipes
SILENCE = 10.0  # seconds between two lines of the log
logger = logging.getLogger("dovetail.server")


class Descriptors:
    """Reserves an eighth of a process's file descriptors, at most MOST_KEPT_FREE, for other uses than new clients."""

    def __init__(self) -> None:
        self._warned = -SILENCE

    def are_short(self, transport: asyncio.BaseTransport) -> bool:
        """Return whether a new connection got a reserved descriptor; the system hands out the lowest first."""
        connection = transport.get_extra_info("socket")
        if resource is None or connection is None:
            return False
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit == resource.RLIM_INFINITY or connection.fileno() < limit - min(limit // 8, MOST_KEPT_FREE):
            return False
        self._warn(limit)
        return True

    def _warn(self, limit: int) -> None:
        now = monotonic()
        if now - self._warned >= SILENCE:
            self._warned = now
            logger.error(
                "This process may have %d files open and nearly does, so new connections are answered 503; raise the "
                "limit (`ulimit -n`, LimitNOFILE= of systemd) or add workers.",
                limit,
            )
