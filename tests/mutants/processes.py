"""Run work in a process of its own that is forked off, quietly, and with temporary files of its own."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import pytest

PASSED, FAILED, BROKEN, NOT_TAKEN = 0, 1, 98, 99
LONGEST = 60  # seconds that any test may take over a mutant, and
SLOWNESS = 40  # times its processor time: others may use the machine
OPTIONS = (
    *("-n", "0", "-q", "-p", "no:cacheprovider", "--capture=sys", "-k", "not postgresql"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # what was imported before the fork is nobody's to rewrite
)


def run_forked(home: Path, work: Callable[[], object]) -> tuple[int, str]:
    """Do `work` in a copy of this process; return its exit code, minus a signal's number, and what it told.

    `home` is made for its temporary files and is removed again. `work` ends the process by `leave`.
    """
    home.mkdir()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.environ["TMPDIR"] = tempfile.tempdir = str(home)
        silence = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silence, descriptor)
        try:
            work()
        finally:
            os._exit(BROKEN)
    try:
        _, status = os.waitpid(pid, 0)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what a test had begun, and did not come to end
    told = home / "told"
    text = told.read_text() if told.exists() else ""
    shutil.rmtree(home, ignore_errors=True)
    return os.waitstatus_to_exitcode(status), text


def leave(code: int, told: str = "") -> NoReturn:
    """End this process, which `run_forked` began, at once."""
    (Path(os.environ["TMPDIR"]) / "told").write_text(told)
    os._exit(code)


def run_tests(session: pytest.Session, names: Sequence[str], seconds: Callable[[str], float]) -> None:
    """Run the tests of these names, and leave the process at the first that fails; it is told.

    One that takes far longer than its `seconds` ends the process by SIGALRM.
    """
    session.config.pluginmanager.register(_Leaver())
    by_name = {item.nodeid: item for item in session.items}
    for item, following in pairwise([*(by_name[name] for name in names), None]):
        signal.alarm(int(LONGEST + SLOWNESS * seconds(item.nodeid)))
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


class _Leaver:
    """A plugin for pytest: it leaves the process when a test fails, before anybody says why."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
            leave(FAILED, item.nodeid)
