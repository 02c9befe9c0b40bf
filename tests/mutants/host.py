"""Run mutants of functions in copies of one process, in which everything was imported and the tests were collected.

In the copy the function's code is exchanged. What runs on import cannot be broken this way, and of what survives
something may have been made before the exchange; `fresh.py` looks at those.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from tests.mutants import record
from tests.mutants.choice import Choice
from tests.mutants.covered import digest
from tests.mutants.loading import Functions
from tests.mutants.modules import COMMANDS
from tests.mutants.mutations import Mutant
from tests.mutants.processes import FAILED, NOT_TAKEN, OPTIONS, PASSED, leave, run_forked, run_tests
from tests.mutants.record import HUNG, KILLED, SURVIVED, UNRUN, Verdict
from tests.mutants.template import make_template


@dataclass(frozen=True)
class Task:
    """The mutants of a module that are still to be judged."""

    path: str
    mutants: Sequence[Mutant]


@dataclass(frozen=True)
class Limits:
    """How long all of it may take, by the clock that only goes forward, and the tests of one mutant, in seconds.

    Only tests are run that have `match` in their names.
    """

    until: float
    a_mutant: float
    match: str = ""

    @property
    def is_over(self) -> bool:
        """True if nothing more is to be begun."""
        return time.monotonic() > self.until


def run_host(tasks: Sequence[Task], limits: Limits, scratch: Path, say: Callable[[Verdict], object]) -> int:
    """Judge the mutants in a process of its own, and return its exit code."""
    choices = {task.path: Choice(task.path, Path(task.path).read_text()) for task in tasks}
    names = {name for task in tasks for mutant in task.mutants for name in choices[task.path].by_line(mutant.line)}
    files = sorted({name.partition("::")[0] for name in names})
    host = _Host(tasks, choices, limits, scratch, say)
    return run_forked(scratch / "host", lambda: pytest.main([*OPTIONS, *files], plugins=[host]))[0]


class _Host:
    """A plugin for pytest: in place of the tests it runs mutants, with the tests in copies of this process."""

    def __init__(
        self,
        tasks: Sequence[Task],
        choices: dict[str, Choice],
        limits: Limits,
        scratch: Path,
        say: Callable[[Verdict], object],
    ) -> None:
        self._tasks, self._choices, self._limits, self._scratch, self._say = tasks, choices, limits, scratch, say

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Judge mutant after mutant, until all are or the time is over."""
        make_template(session, self._scratch)
        self._warm_up(session)
        for task in self._tasks:
            if self._limits.is_over:
                break
            functions = Functions(task.path, Path(task.path).read_text())
            for mutant in task.mutants:
                if not self._limits.is_over and (verdict := self._judge(session, functions, task.path, mutant)):
                    record.add(verdict)
                    self._say(verdict)
        leave(PASSED)

    def _warm_up(self, session: pytest.Session) -> None:
        """Run one test here, so that what an application keeps for the next one is kept for every mutant."""
        seconds = {name: one for choice in self._choices.values() for name, one in choice.by_name().items()}
        items = sorted(
            (item for item in session.items if item.nodeid in seconds), key=lambda item: seconds[item.nodeid]
        )
        item = items[len(items) // 2]  # the quickest ones make no application
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def _judge(self, session: pytest.Session, functions: Functions, path: str, mutant: Mutant) -> Verdict | None:
        """Return what becomes of a mutant, or None if it is not for this process."""
        choice = self._choices[path]
        if not choice.is_in_function(mutant.line):
            return None
        names = choice.by_line(mutant.line)
        if names:  # what is made once, as a statement that is kept, runs its lines in the first test that needs it
            collected = {item.nodeid for item in session.items}
            names = list(dict.fromkeys([*names, *(name for name in choice.of_module() if name in collected)]))
        names = choice.within([name for name in names if self._limits.match in name], self._limits.a_mutant)
        if not names:
            is_elsewhere = choice.is_imported(mutant.line) or path in COMMANDS
            return None if is_elsewhere else _verdict(path, mutant, UNRUN)

        def exchange_and_run() -> NoReturn:
            if not functions.take(mutant.line, mutant.source):
                leave(NOT_TAKEN)
            run_tests(session, names, choice.seconds)
            leave(PASSED)

        code, killer = run_forked(self._scratch / "mutant", exchange_and_run)
        if code == FAILED:
            choice.note_killer(killer)
        return None if code == NOT_TAKEN else verdict_of(path, mutant, code, killer, len(names))


def verdict_of(path: str, mutant: Mutant, code: int, killer: str, tests: int) -> Verdict:
    """Return the verdict that a process came to, by its exit code; one that fell over was killed too."""
    if code == PASSED:
        return _verdict(path, mutant, SURVIVED, tests=tests)
    return _verdict(path, mutant, HUNG if code < 0 else KILLED, killer=killer, tests=tests)


def _verdict(path: str, mutant: Mutant, verdict: str, killer: str = "", tests: int = 0) -> Verdict:
    return Verdict(path, digest(path), record.key(mutant), f"{mutant.line}: {mutant}", verdict, killer, tests)
