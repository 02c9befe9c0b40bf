"""Real processes that start at once: each is forked from a server that has the libraries imported already."""

import multiprocessing
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import forkserver, popen_forkserver
from multiprocessing.context import ForkServerProcess
from multiprocessing.forkserver import ForkServer
from multiprocessing.process import BaseProcess
from pathlib import Path
from pkgutil import walk_packages
from tempfile import mkstemp
from typing import Any

from dovetail.testing.browser import SERVED_BY

REPOSITORY = Path(__file__).parent.parent
# Of the framework itself, whose commands import what they need when they need it.
OWN = ("api", "cli", "database", "files", "markdown", "middleware", "migrations", "resources", "server", "translation")
NOT_RUN = {"migrations", "testing", "tests"}  # modules of plugins that only their tests import
LIBRARIES = [
    *SERVED_BY,
    "pytest",
    "asyncpg",
    "aiosqlite",
    "click",
    "alembic.config",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "fastapi_users",
    "sqladmin",
    "pwdlib.hashers.argon2",
    "pwdlib.hashers.bcrypt",
    "email_validator",
    "uvicorn",
    "defusedxml.ElementTree",
    "jinja2.ext",
    "smtplib",
]

_context = multiprocessing.get_context("forkserver")  # for processes of this repository's site, as live servers are
_others = ForkServer()  # for processes of other sites


def preload(*first: str) -> None:
    """Say what processes have imported when they begin, `first` before all else; their servers start with the first.

    No module of a plugin is among it, but where a process is one of this repository's site: which plugins another site
    has, its processes find out by themselves.
    """
    from config.settings import Settings  # here, for a process of another site has another `config`

    common = [*first, *LIBRARIES, *_modules_of(f"dovetail.{name}" for name in OWN)]
    plugins = _modules_of(Settings.model_fields["plugins"].default)
    _context.set_forkserver_preload([*common, *(name for name in plugins if not set(name.split(".")) & NOT_RUN)])
    _others.set_forkserver_preload(common)


def _modules_of(packages: Iterable[str]) -> list[str]:
    found: list[str] = []
    for package in packages:
        spec = find_spec(package)
        assert spec is not None
        assert spec.submodule_search_locations is not None
        found += [package, *(one.name for one in walk_packages(spec.submodule_search_locations, f"{package}."))]
    return found


class _PopenOfOther(popen_forkserver.Popen):
    """Asks the second server for a process: the library knows one server only."""

    def _launch(self, process_obj: BaseProcess) -> None:
        usual = forkserver.connect_to_new_process
        forkserver.connect_to_new_process = _others.connect_to_new_process
        try:
            super()._launch(process_obj)
        finally:
            forkserver.connect_to_new_process = usual


class _ProcessOfOther(ForkServerProcess):
    @staticmethod
    def _Popen(process_obj: BaseProcess) -> _PopenOfOther:  # noqa: N802 - the library's name
        return _PopenOfOther(process_obj)


@dataclass(frozen=True)
class Done:
    """What came of a process; standard error is part of its output, unless they were to be kept apart."""

    returncode: int
    stdout: str
    stderr: str = ""


class Running:
    """A process that was started."""

    def __init__(self, process: ForkServerProcess, output: Path, errors: Path | None) -> None:
        self._process = process
        self._output = output
        self._errors = errors

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()

    def output(self) -> str:
        """Return what it has written by now."""
        return self._output.read_text()

    def finish(self, timeout: float | None = None) -> Done:
        """Wait for its end, `timeout` seconds at most."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            self.kill()
            raise TimeoutError(f"it did not end within {timeout} seconds:\n{self._output.read_text()}")
        return Done(self._process.exitcode, self._output.read_text(), self._errors.read_text() if self._errors else "")


def start(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    answers: str = "",
    *,
    files: Path | None = None,
    errors_apart: bool = False,
) -> Running:
    """Run `manage.py`, `alembic` or `pytest`, the first of `arguments`, in `folder`.

    What it reads and writes goes through files in `files`, or beside `folder`.
    """
    standard = [_new_file(files or folder.parent) for _ in range(3 if errors_apart else 2)]
    standard[0].write_text(answers)
    is_site = folder == REPOSITORY and "PLUGINS" not in environment
    process_class = _context.Process if is_site else _ProcessOfOther
    process = process_class(target=_run, args=(list(arguments), folder, dict(environment), standard))
    process.start()
    return Running(process, standard[1], standard[2] if errors_apart else None)


def call(target: Callable[..., None], *arguments: object, is_site: bool) -> BaseProcess:
    """Start a process that calls `target`, of this repository's site or of one whose plugins nobody knows."""
    process_class = _context.Process if is_site else _ProcessOfOther
    process = process_class(target=target, args=arguments)
    process.start()
    return process


def enter(folder: Path | str, environment: Mapping[str, str]) -> None:
    """Be in a folder, with an environment, as if started there; warnings are errors."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    warnings.resetwarnings()
    warnings.simplefilter("error")


def _new_file(folder: Path) -> Path:
    descriptor, name = mkstemp(dir=folder)
    os.close(descriptor)
    return Path(name)


def _run(arguments: list[str], folder: Path, environment: dict[str, str], standard: list[Path]) -> None:
    given, output, errors = standard[0], standard[1], standard[-1]
    os.dup2(os.open(given, os.O_RDONLY), 0)
    os.dup2(os.open(output, os.O_WRONLY | os.O_APPEND), 1)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_APPEND), 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the process ends
    enter(folder, environment)
    sys.path[:0] = [str(folder), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.dont_write_bytecode = True
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
