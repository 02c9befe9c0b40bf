"""Reset state of an object in forked processes."""

import os
from collections.abc import Callable
from weakref import WeakMethod


def forget_in_child(forget: Callable[[], object]) -> None:
    """Call `forget`, a method, in every process that is forked from this one, as long as its object lives."""
    if not hasattr(os, "register_at_fork"):  # Windows, which has no fork
        return
    method = WeakMethod(forget)

    def forget_if_alive() -> None:
        if (alive := method()) is not None:
            alive()

    os.register_at_fork(after_in_child=forget_if_alive)
