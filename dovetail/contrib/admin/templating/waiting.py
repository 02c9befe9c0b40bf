"""Render templates synchronously in a greenlet, which can still await coroutines that a template calls.

Jinja's async mode turns every call in a template into a coroutine, and passes every piece of text through a chain of
asynchronous generators, which costs a third of a page. Here a page is rendered in a greenlet
(https://greenlet.readthedocs.io), which passes coroutines to the event loop, as SQLAlchemy does for statements. It is
not one of SQLAlchemy's greenlets, so lazy loads are refused in templates as everywhere else.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from inspect import isawaitable
from typing import TypeVar, cast

from greenlet import getcurrent, greenlet
from jinja2 import Environment
from jinja2.runtime import Context
from markupsafe import Markup

T = TypeVar("T")
PLAIN = frozenset({str, Markup, bool, int, list, dict, tuple, type(None)})  # the usual types of results


async def run(work: Callable[[], T]) -> T:
    """Run a plain function in a greenlet, in which `wait` can await coroutines, and return its result."""
    worker = greenlet(work)
    worker.gr_context = getcurrent().gr_context
    worker.can_wait = True
    found = worker.switch()
    while not worker.dead:
        try:
            value = await found
        except BaseException as error:  # noqa: BLE001 - it is raised in the function, at its `wait`
            found = worker.throw(error)
        else:
            found = worker.switch(value)
    return cast("T", found)


def wait(awaited: Awaitable[T]) -> T:
    """Await a coroutine within `run`, and return its result. Raise RuntimeError outside of `run`."""
    worker = getcurrent()
    if not getattr(worker, "can_wait", False):
        raise RuntimeError("this waits for a coroutine where nothing can wait; have the page written by `run`")
    return cast("T", worker.parent.switch(awaited))


def waited_for(value: object) -> object:
    """Return a value, the result of an awaitable, or an iterator over an async iterable."""
    if type(value) in PLAIN:
        return value
    if isawaitable(value):
        return wait(value)
    return _each(value) if isinstance(value, AsyncIterator) else value


def enable_coroutines(environment: Environment) -> None:
    """Make an environment render templates by plain functions that await the coroutines they call."""
    environment.is_async = False
    environment.context_class = WaitingContext


class WaitingContext(Context):
    """A Jinja context whose calls await coroutines."""

    def call(self, obj: Callable[..., object], /, *args: object, **kwargs: object) -> object:
        """Call a function, and return its awaited result."""
        return waited_for(super().call(obj, *args, **kwargs))


def _each(values: AsyncIterator[T]) -> Iterator[T]:
    while True:
        try:
            yield wait(anext(values))
        except StopAsyncIteration:
            return
