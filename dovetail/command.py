"""What `manage.py` runs: a name, a line of help, and where to find the click command."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, cast

import click

if TYPE_CHECKING:
    from dovetail.plugin import Context

P = ParamSpec("P")


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command of `manage.py`, as a plugin lists it.

    `run` names a `click.Command` as `"package.module:attribute"`; it is imported only when the command runs, so that
    listing commands stays cheap. `quickstart`, if given, holds the arguments with which `manage.py quickstart` runs
    the command after migrating; such a run must be harmless when repeated.
    """

    name: str
    help: str
    run: str
    quickstart: Sequence[str] | None = None


class CanOpenContext(Protocol):
    """What click hands a command as `obj`."""

    def open(self) -> AbstractAsyncContextManager["Context"]:
        """Open what a running application has: settings, database, plugins."""


def async_command(function: Callable[Concatenate["Context", P], Awaitable[None]]) -> Callable[P, None]:
    """Turn `async def command(context, ...)` into a function click can call.

    The context (settings, database, plugins) is open while the command runs and closed after it.

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

    return cast("Callable[P, Any]", run)
