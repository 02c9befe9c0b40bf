"""Run slow functions in a thread, one call at a time."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
_LIMITER: RunVar[CapacityLimiter] = RunVar("dovetail.markdown")  # one per event loop


async def run_in_turn(function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
    """Return the result of `function`, which runs in a thread after all earlier calls are done.

    Only one at a time, since busy threads compete with the event loop for the interpreter lock (GIL).
    """
    limiter = _LIMITER.get(None)
    if limiter is None:
        limiter = CapacityLimiter(1)
        _LIMITER.set(limiter)
    return await to_thread.run_sync(function, *arguments, limiter=limiter)
