"""Reset the state of objects in forked processes."""

import os
from collections.abc import Callable
from weakref import WeakMethod


def forget_in_child(forget: Callable[[], object]) -> None:
    """Call the method `forget` in every process forked from this one, as long as its object exists."""
    if not hasattr(os, "register_at_fork"):  # Windows, which has no fork
        return
    method = WeakMethod(forget)

    def forget_if_alive() -> None:
        if (alive := method()) is not None:
            alive()

    os.register_at_fork(after_in_child=forget_if_alive)
