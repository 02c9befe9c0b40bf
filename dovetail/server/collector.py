"""Run Python's garbage collector rarely while a process starts: nearly nothing that it imports is garbage.

`check` makes a million objects; with the collector running as usual it takes a third longer.
(https://docs.python.org/3/library/gc.html)
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects, and passes over younger ones, before the collector looks for cycles. A server stands still while it frees
# what a pass found, mostly statements of SQLAlchemy: of 50,000 objects that takes longer than most pages.
RARELY = (10_000, 5, 100)
HARDLY_EVER = (500_000, 20, 20)  # while a process imports, which makes a hundred thousand


def defer_collection() -> None:
    """Let the collector run hardly ever until `begin_work`, and not over all objects when the process ends.

    Call it in processes that run nothing else. The collector never looks at what was imported before `begin_work`, or
    made within `collector_paused`.
    """
    gc.set_threshold(*HARDLY_EVER)
    atexit.unregister(gc.freeze)  # once is enough, however often this is called
    atexit.register(gc.freeze)


spare_process = defer_collection  # as the manage.py of sites names it that an earlier release has made


def begin_work() -> None:
    """Let the collector run rarely from now on: a process that called `defer_collection` has imported what it needs."""
    if _is_spared():
        gc.freeze()
        gc.set_threshold(*RARELY)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Run no collection within the block, or the decorated function: for work whose objects are kept.

    In a process without `defer_collection`, such as that of tests, the collector sees these objects afterwards.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if _is_spared():
            gc.freeze()
        if was_enabled:
            gc.enable()


def _is_spared() -> bool:
    return gc.get_threshold() in (RARELY, HARDLY_EVER)
