"""Run the async function of a command of `manage.py`, as click calls it, with the context open."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, cast

import click

from dovetail.plugin import Context

P = ParamSpec("P")


class CanOpenContext(Protocol):
    """The object that click hands to each command as `obj`."""

    def open(self) -> AbstractAsyncContextManager[Context]:
        """Open the settings, the database and the plugins, as a running application has them."""


def async_command(function: Callable[Concatenate[Context, P], Awaitable[None]]) -> Callable[P, None]:
    """Turn `async def command(context, ...)` into a function that click can call.

    The context (settings, database, plugins) is open while the command runs and closed after it. What the function
    raises passes through; `manage.py` turns it into one line (https://click.palletsprojects.com/).

        @click.command()
        @click.argument("name")
        @async_command
        async def greet(context: Context, name: str) -> None:
            async with context.database.unit_of_work() as session: ...
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        state = cast("CanOpenContext", click.get_current_context().obj)

        async def main() -> None:
            async with state.open() as context:
                await function(context, *args, **kwargs)

        asyncio.run(main())

    return run
