"""Keeps Python's garbage collector from looking in vain through what a process imports at its start and keeps.

Without it a look at a site costs a third more: `check` makes a million objects, nearly none of which is garbage.
(https://docs.python.org/3/library/gc.html)
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (50_000, 20, 20)  # new objects, and passes over younger ones, before the collector looks for cycles
HARDLY_EVER = (500_000, 20, 20)  # while a process imports, which makes a hundred thousand


def spare_process() -> None:
    """Let the collector run rarely in this process, which is all ours, and not through everything when it ends.

    What `collector_paused` makes is not looked at again, nor what is imported before `begin_work`.
    """
    gc.set_threshold(*HARDLY_EVER)
    atexit.unregister(gc.freeze)  # once is enough, however often this is called
    atexit.register(gc.freeze)


def begin_work() -> None:
    """Let the collector run rarely, and no longer hardly ever, in a spared process that has imported what it needs."""
    if _is_spared():
        gc.freeze()
        gc.set_threshold(*RARELY)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let no collection run meanwhile, for work that makes what stays; as a decorator, while the function runs.

    Where others share the process, as tests do, the collector looks at it afterwards, for it may become garbage.
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
    return gc.get_threshold()[0] >= RARELY[0]
