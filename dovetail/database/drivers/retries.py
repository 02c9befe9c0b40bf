"""Run a request's work once more if a prepared statement became invalid and nothing was written yet."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from dovetail.database.drivers.lost_connections import asks_for_another_try

T = TypeVar("T")
logger = logging.getLogger("dovetail.database")


@dataclass
class Attempt:
    """Work that may have to be repeated, and whether it has written anything."""

    has_written: bool = False


_attempt: ContextVar[Attempt | None] = ContextVar("dovetail_attempt", default=None)


async def try_twice(run: Callable[[], Awaitable[T]], may_run_again: Callable[[], bool] = lambda: True) -> T:
    """Call `run` and return its result; call it once more if `asks_for_another_try` and nothing was written."""
    with attempting() as attempt:
        try:
            return await run()
        except Exception as error:
            if attempt.has_written or not asks_for_another_try(error) or not may_run_again():
                raise
            logger.info("a prepared statement became invalid; the request is tried again")
    return await run()


@contextmanager
def attempting() -> Iterator[Attempt]:
    """Note whether something is written inside the block."""
    attempt = Attempt()
    token = _attempt.set(attempt)
    try:
        yield attempt
    finally:
        _attempt.reset(token)


def note_write() -> None:
    """Note that something was committed, so that the current work must not be repeated."""
    attempt = _attempt.get()
    if attempt is not None:
        attempt.has_written = True
