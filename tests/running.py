"""Run `manage.py` and Python as processes of their own, in an environment that only the test sets up."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from dovetail.testing.browser import answers
from tests import forked

ROOT = Path(__file__).parent.parent
SECRET = "a-secret-for-tests-only-0123456789abcdef"
TIMEOUT = 300  # seconds; nothing here takes more than a few unless it hangs


def environment(**variables: object) -> dict[str, str]:
    """What a command finds: a secret, no `.env` values that matter, and `variables`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TEST_DATABASE_URL") if name in os.environ}
    given = {name: str(value) for name, value in variables.items()}
    return kept | {"ENVIRONMENT": "test", "SECRET_KEY": SECRET, "PYTHONPATH": str(ROOT)} | given


def manage(*arguments: str, stdin: str | None = None, cwd: Path = ROOT, **variables: object) -> "Result":
    """Run `manage.py` to its end, as a process of its own.

    It is forked from a server which has imported the libraries, and this kernel; a site whose kernel is another is run
    by `python`. So are the tests of another site, for pytest rewrites what it imports, and several commands at once, in
    threads, which forking is not for.
    """
    tests_another = cwd != ROOT and arguments[:1] == ("test",)
    if tests_another or threading.current_thread() is not threading.main_thread():
        return python(str(cwd / "manage.py"), *arguments, stdin=stdin, cwd=cwd, **variables)
    with TemporaryDirectory() as files:
        command = [str(cwd / "manage.py"), *arguments]
        running = forked.start(
            command, cwd, environment(**variables), stdin or "", files=Path(files), errors_apart=True
        )
        done = running.finish(TIMEOUT)
    return Result(done.returncode, done.stdout, done.stderr)


def python(*arguments: str, stdin: str | None = None, cwd: Path = ROOT, **variables: object) -> "Result":
    """Run this Python to its end."""
    done = subprocess.run(
        [sys.executable, *arguments],
        input=stdin or "",
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


class Result:
    """What a process said and how it ended."""

    def __init__(self, code: int, stdout: str, stderr: str) -> None:
        self.code, self.stdout, self.stderr = code, stdout, stderr

    def __repr__(self) -> str:
        return f"exit code {self.code}\n{self.stdout}\n{self.stderr}"

    @property
    def error(self) -> str:
        """The one line with which it failed."""
        assert self.code != 0, self
        lines = self.stderr.strip().splitlines()
        assert len(lines) == 1, self
        assert "Traceback" not in self.stderr, self
        return lines[0].removeprefix("manage.py: ")


@contextmanager
def serving(
    *arguments: str, port: int, cwd: Path = ROOT, output: IO[str] | int = subprocess.PIPE, **variables: object
) -> Iterator[subprocess.Popen[str]]:
    """Run a command that serves, until the block ends; it is answering when the block begins.

    Nobody reads a pipe meanwhile: give a file as `output` if the server is going to say much.
    """
    process = start(*arguments, cwd=cwd, output=output, **variables)
    try:
        wait_until_it_answers(process, port)
        yield process
    finally:
        stop(process)


def start(
    *arguments: str, cwd: Path = ROOT, output: IO[str] | int = subprocess.PIPE, **variables: object
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(cwd / "manage.py"), *arguments],
        cwd=cwd,
        env=environment(**variables),
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_until_it_answers(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        if answers(port):
            return
        time.sleep(0.02)
    raise AssertionError("the server does not answer")


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for a state of another process."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def stop(process: subprocess.Popen[str]) -> str:
    """End it as Ctrl+C does and return what it said."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    try:
        return process.communicate(timeout=TIMEOUT)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
