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
PLAIN = frozenset({str, Markup, bool, int, list, dict, tuple, type(None)})  # most of what templates call for


async def run(work: Callable[[], T]) -> T:
    """Return what a plain function returns, in which `wait` waits."""
    worker = greenlet(work)
    worker.gr_context = getcurrent().gr_context
    worker.can_wait = True
    found = worker.switch()
    while not worker.dead:
        try:
            value = await found
        except BaseException as error:  # noqa: BLE001 - it is raised where the function waits
            found = worker.throw(error)
        else:
            found = worker.switch(value)
    return cast("T", found)


def wait(awaited: Awaitable[T]) -> T:
    """Return what comes of a coroutine, within `run`, while the event loop goes on. Raise RuntimeError elsewhere."""
    worker = getcurrent()
    if not getattr(worker, "can_wait", False):
        raise RuntimeError("this waits for a coroutine where nothing can wait; have the page written by `run`")
    return cast("T", worker.parent.switch(awaited))


def waited_for(value: object) -> object:
    """Return a value as it is, what comes of it if it has to be awaited, or what it yields if that has to be."""
    if type(value) in PLAIN:
        return value
    if isawaitable(value):
        return wait(value)
    return _each(value) if isinstance(value, AsyncIterator) else value


def let_templates_wait(environment: Environment) -> None:
    """Make an environment fill in templates by plain functions, in which calls of coroutines are waited for."""
    environment.is_async = False
    environment.context_class = WaitingContext


class WaitingContext(Context):
    """Calls what a template calls, and waits for it."""

    def call(self, obj: Callable[..., object], /, *args: object, **kwargs: object) -> object:
        """Return what a function returns, or what comes of it."""
        return waited_for(super().call(obj, *args, **kwargs))


def _each(values: AsyncIterator[T]) -> Iterator[T]:
    while True:
        try:
            yield wait(anext(values))
        except StopAsyncIteration:
            return
