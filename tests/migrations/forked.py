"""Real processes that start at once: each is forked from a server that has the libraries imported already."""

import multiprocessing
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import mkstemp
from typing import Any

PRELOAD = ["pytest", "asyncpg", "aiosqlite", "click", "alembic.config", "project.cli.main", "project.cli.system_checks"]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(PRELOAD)


@dataclass(frozen=True)
class Done:
    """What came of a process; standard error is part of its output."""

    returncode: int
    stdout: str


class Running:
    """A process that was started."""

    def __init__(self, process: ForkServerProcess, output: Path) -> None:
        self._process = process
        self._output = output

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()

    def finish(self) -> Done:
        """Wait for its end."""
        self._process.join()
        return Done(self._process.exitcode or 0, self._output.read_text())


def start(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], answers: str = "") -> Running:
    """Run `manage.py`, `alembic` or `pytest`, the first of `arguments`, in `folder`."""
    descriptor, name = mkstemp(dir=folder.parent)
    os.close(descriptor)
    process = _context.Process(target=_run, args=(list(arguments), folder, dict(environment), answers, name))
    process.start()
    return Running(process, Path(name))


def _run(arguments: list[str], folder: Path, environment: dict[str, str], answers: str, output: str) -> None:
    descriptor = os.open(output, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    given = folder.parent / f"answers-{os.getpid()}"
    given.write_text(answers)
    sys.stdin = given.open()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = [str(folder)]
    sys.dont_write_bytecode = True
    warnings.resetwarnings()
    warnings.simplefilter("error")
    sys.argv = arguments
    _die_where_told()
    if arguments[0] in ("alembic", "pytest"):
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=False)
    else:
        runpy.run_path(arguments[0], run_name="__main__")


def _die_where_told() -> None:
    """Count the moments after each statement that writes and after each commit; at one of them, die by `kill -9`.

    A statement that only reads leaves a database as the moment before it did.
    """
    counter, fatal = os.environ.get("COUNT_MOMENTS"), os.environ.get("KILL_AT_MOMENT")
    if counter is None and fatal is None:
        return
    from sqlalchemy import Engine, event

    count, committed = 0, False

    def moment() -> None:
        nonlocal count
        count += 1
        if counter is not None:
            Path(counter).write_text(str(count))
        if fatal is not None and count == int(fatal):
            os.kill(os.getpid(), signal.SIGKILL)

    def executes(*_arguments: Any) -> None:
        nonlocal committed
        if committed:
            moment()
        committed = False

    def executed(_connection: Any, _cursor: Any, statement: str, *_arguments: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "WITH", "SHOW")):
            moment()

    def commits(*_arguments: Any) -> None:
        nonlocal committed
        committed = True

    event.listen(Engine, "before_cursor_execute", executes)
    event.listen(Engine, "after_cursor_execute", executed)
    event.listen(Engine, "commit", commits)
