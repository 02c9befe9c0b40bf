"""Bound how long a unit of work waits by one time for all that stands between it and its first statement.

A writer on SQLite waits for its turn in this process, for a connection, and for writers of other processes. Each by
itself could take as long as a request may wait at all.
"""

from contextvars import ContextVar
from time import monotonic

_until: ContextVar[float | None] = ContextVar("dovetail_waits_until", default=None)


def begin_to_wait(seconds: float) -> None:
    """Give all waits from now on `seconds` together."""
    _until.set(monotonic() + seconds)


def have_waited() -> None:
    """End the count: nothing more stands in the way, or the work was given up."""
    _until.set(None)


def time_left(otherwise: float | None) -> float | None:
    """Return the seconds that may be waited yet; `otherwise` where nobody counts them."""
    until = _until.get()
    return otherwise if until is None else max(0.0, until - monotonic())
