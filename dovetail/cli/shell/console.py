"""Run code in which `await` may stand anywhere: once, at Python's own prompt, or at IPython's.

Unlike `python -m asyncio` the event loop rests between two inputs, so that everything happens in one thread and Ctrl+C
ends what runs and not the shell.
"""

import asyncio
import code
import importlib
import inspect
import sys
import traceback
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from types import CodeType, FunctionType
from typing import Any

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.cli.error_lines import NO_TABLE, error_line
from dovetail.database.error_translation import client_error
from dovetail.errors import UnavailableError


class Transactions:
    """Runs each input on one event loop and in one transaction of one session."""

    def __init__(self, runner: asyncio.Runner, session: AsyncSession) -> None:
        self.runner = runner
        self.session = session

    def run(self, compiled: CodeType, names: dict[str, object]) -> None:
        """Run `compiled`: commit if it succeeds; roll back if it raises, and raise the same."""
        self.runner.run(self._run(compiled, names))

    def end(self, *, success: bool) -> None:
        """Commit or roll back what the session holds: an idle shell must not keep writers waiting."""
        self.runner.run(self.session.commit() if success else self.session.rollback())

    def close(self) -> None:
        """Give the session's connection back."""
        self.runner.run(self.session.close())

    async def _run(self, compiled: CodeType, names: dict[str, object]) -> None:
        try:
            result = FunctionType(compiled, names)()
            if inspect.iscoroutine(result):  # as it is if the code awaits
                await result
            await self.session.commit()
        except BaseException:
            await self.session.rollback()
            raise


def run_code(source: str, names: dict[str, object], transactions: Transactions) -> int:
    """Run `source` as one transaction; return 0, or 1 after printing where in it something was raised.

    Raise click.ClickException if the database is away.
    """
    try:
        compiled = compile(source, "<shell>", "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT)
        transactions.run(compiled, names)
    except Exception as error:
        if (line := _outage(error)) is not None:
            raise click.ClickException(line) from error
        sys.stderr.write(_format(error, "<shell>"))
        return 1
    return 0


def interact(banner: str, names: dict[str, object], transactions: Transactions) -> None:
    """Read and run input at Python's own prompt until its end."""
    _complete_with_tab(names)
    Console(names, transactions).interact(banner, exitmsg="")


def interact_with_ipython(banner: str, names: dict[str, object], transactions: Transactions) -> None:
    """Read and run input at IPython's prompt until its end."""
    # IPython is no dependency: it is used where somebody installed it.
    embed: Any = importlib.import_module("IPython.terminal.embed")

    def finish(result: Any) -> None:
        transactions.end(success=result.success)

    prompt = embed.InteractiveShellEmbed(banner1=banner + "\n", user_ns=names)
    prompt.loop_runner = transactions.runner.run
    prompt.events.register("post_run_cell", finish)
    prompt()


class Console(code.InteractiveConsole):
    """Python's prompt, with `await` and transactions."""

    def __init__(self, names: dict[str, object], transactions: Transactions) -> None:
        super().__init__(names)
        self.compile.compiler.flags |= PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._names = names
        self._transactions = transactions

    def runcode(self, code: CodeType) -> None:
        """Run one input; what it raises is printed."""
        try:
            self._transactions.run(code, self._names)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            line = _outage(error)
            self.write(_format(error, self.filename) if line is None else f"{line}\n")


def _outage(error: Exception) -> str | None:
    """One line if the database is away or has no tables yet; the code is not to blame then."""
    line = error_line(error) if isinstance(error, DBAPIError) else None
    missing = line is not None and line.startswith(NO_TABLE)
    return line if missing or isinstance(client_error(error), UnavailableError) else None


def _format(error: Exception, filename: str) -> str:
    """The traceback from the user's own code on: how it came to be run is of no interest."""
    found = error.__traceback__
    while found is not None and found.tb_frame.f_code.co_filename != filename:
        found = found.tb_next
    return "".join(traceback.format_exception(type(error), error, found))


def _complete_with_tab(names: dict[str, object]) -> None:
    try:
        import readline
        import rlcompleter
    except ImportError:  # a Python without readline has a plain prompt
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
