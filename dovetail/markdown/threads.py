"""Run long work in a thread, one call at a time."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
_LIMITER: RunVar[CapacityLimiter] = RunVar("dovetail.markdown")  # of each event loop


async def run_in_turn(function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
    """Return what `function` returns, once those that were called before it are done.

    Threads share one interpreter: many at once would keep it from the loop.
    """
    limiter = _LIMITER.get(None)
    if limiter is None:
        limiter = CapacityLimiter(1)
        _LIMITER.set(limiter)
    return await to_thread.run_sync(function, *arguments, limiter=limiter)
