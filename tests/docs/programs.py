"""The Python of a reader: each command that they type is forked from a process that has imported the libraries.

Importing them takes most of the time of a command. As in tests/forked.py, no module of a plugin and no settings are
among them: those each command finds in the reader's own site. Scripts of tests that are about this repository's site
begin with all of it.
"""

import json
import multiprocessing
import os
import runpy
import shutil
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType
from typing import TypedDict

from tests.forked import REPOSITORY, call, enter

PROGRAM = Path(__file__).with_name("program.py")
NAMES = ("python", "alembic")
WAITING = 100  # commands


class Command(TypedDict):
    """What somebody has typed, and where."""

    name: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]


class Programs:
    """A folder for a PATH, with a `python` and an `alembic` that work until they are closed.

    A signal to one of them reaches nothing of what it runs.
    """

    def __init__(self, *, is_site: bool = False) -> None:
        self.folder = Path(mkdtemp())  # short: the address of a socket has no more than 107 characters
        text = PROGRAM.read_text(encoding="utf-8")
        for name in NAMES:
            (self.folder / name).write_text(f"#!{sys.executable} -IS\n{text}", encoding="utf-8")
            (self.folder / name).chmod(0o755)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.folder / "socket"))
            listener.listen(WAITING)
            self._process = call(_serve, listener, is_site=is_site)

    def close(self) -> None:
        """End what is running still; nothing happens a second time."""
        if not self.folder.exists():
            return
        with suppress(ProcessLookupError):  # its group is there once it has begun
            os.killpg(self._process.pid or 0, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        shutil.rmtree(self.folder)


def _serve(listener: socket.socket) -> None:
    os.setpgrp()  # with all that it forks
    fork = multiprocessing.get_context("fork")
    while True:
        connection, _ = listener.accept()
        with connection:
            fork.Process(target=_answer, args=(connection,)).start()


def _answer(connection: socket.socket) -> None:
    """Run the command that comes over `connection`, and say how it ended."""
    _, standard, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as file:
        command: Command = json.load(file)
    process = multiprocessing.get_context("fork").Process(target=_run, args=(command, standard))
    process.start()
    for each in standard:
        os.close(each)  # whoever reads a pipe waits for the last who could write to it
    process.join()
    code = process.exitcode or 0
    connection.sendall(str(code if code >= 0 else 128 - code).encode())  # as a shell says which signal it was


def _run(command: Command, standard: list[int]) -> None:
    """Become what `python` or `alembic` would be."""
    for number, each in enumerate(standard):
        os.dup2(each, number)
        os.close(each)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the process ends
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as above
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 - as above
    enter(command["folder"], command["environment"])
    sys.path[:] = [each for each in sys.path if each not in ("", str(REPOSITORY))]
    sys.path[:0] = filter(None, command["environment"].get("PYTHONPATH", "").split(os.pathsep))
    sys.dont_write_bytecode = False
    if command["name"] == "alembic":
        sys.argv = [command["name"], *command["arguments"]]
        runpy.run_module("alembic", run_name="__main__", alter_sys=False)
        return
    sys.path.insert(0, command["folder"])
    _run_python(command["arguments"])


def _run_python(arguments: list[str]) -> None:
    if arguments[0] != "-c":
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
        return
    text, *others = arguments[1:]
    sys.argv = ["-c", *others]
    sys.modules["__main__"] = main = ModuleType("__main__")
    exec(compile(text, "<string>", "exec", dont_inherit=True), main.__dict__)
