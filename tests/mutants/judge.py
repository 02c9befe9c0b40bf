"""Run tests over mutants, each in a process of its own that is forked off for it.

Most mutants change the body of a function. For them the tests are collected once, and each mutant gets a copy of that
process in which the function's code is exchanged. What runs on import, and what survived this way (something may have
been made of it before the exchange), gets a process that imports the site anew.

The tests are run over the code as it is first, and have to pass. The last killers come first then, and the quickest.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import pytest

from tests.mutants.loading import Functions, Mutated
from tests.mutants.mutations import Mutant

SURVIVED, KILLED, BROKEN, NOT_TAKEN = 0, 1, 98, 99
SLOWNESS = 10  # times as long as with the code as it is, and a mutant hangs
OPTIONS = (
    *("-n", "0", "-q", "-p", "no:cacheprovider", "--capture=sys", "-k", "not postgresql"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # what was imported before the fork is nobody's to rewrite
)


class UnfitTestsError(Exception):
    """Tests that fail without a mutant, or that do not run the module."""


@dataclass
class Tests:
    """What is known of the tests of a module: the seconds that each takes, and which killed a mutant."""

    seconds: dict[str, float] = field(default_factory=dict)
    killers: list[str] = field(default_factory=list)  # the last one first
    template: str = ""  # the URL of a migrated database to copy

    def in_order(self) -> list[str]:
        """Return the names of the tests, those to begin with first."""
        places = {name: place for place, name in enumerate(self.killers)}
        return sorted(self.seconds, key=lambda name: (places.get(name, len(places)), self.seconds[name]))

    def note_killer(self, name: str) -> None:
        """Remember which test killed last."""
        self.killers = [name, *(each for each in self.killers if each != name)]

    @property
    def limit(self) -> int:
        """The seconds after which a mutant hangs."""
        return SLOWNESS * int(sum(self.seconds.values()) + 2)


def judge(
    path: str, found: Sequence[Mutant], files: Sequence[str], *, jobs: int, quick: bool, scratch: Path
) -> list[Mutant]:
    """Return the mutants that survive the tests in these files, `jobs` at a time.

    With `quick`, what survived in a copy is not looked at again. Raise UnfitTestsError if a test fails before anything
    is broken, or if none imports the module.
    """
    pid = fork(scratch / "host", lambda: _be_host(path, found, files, jobs, scratch))
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) != SURVIVED:
        killer = scratch / "first" / "killer"
        name = killer.read_text() if killer.exists() else " ".join(files)
        raise UnfitTestsError(f"a test of {path} fails before anything is broken: pytest {name}")
    told = json.loads((scratch / "told").read_text())
    tests, survivors = Tests(**told["tests"]), [found[index] for index in told["survived"] if quick]
    left = told["left"] + ([] if quick else told["survived"])

    def begin(index: int, home: Path) -> int:
        return fork(home, lambda: _import_and_run(path, found[index], files, tests))

    for index, code in fork_each(left, begin, jobs, scratch):
        if code == BROKEN:
            raise UnfitTestsError(f"{path}:{found[index].line}: no test imports the module; name others in modules.py")
        if code == SURVIVED:
            survivors.append(found[index])
        elif (killer := scratch / f"mutant-{index}" / "killer").exists():
            tests.note_killer(killer.read_text())
    return sorted(survivors, key=lambda mutant: mutant.line)


def fork(home: Path, work: Callable[[], NoReturn]) -> int:
    """Begin `work` in a process of its own, whose temporary files lie in `home`, and return its number."""
    home.mkdir()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.environ["TMPDIR"] = tempfile.tempdir = str(home)
        silence = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silence, descriptor)
        try:
            work()
        finally:
            os._exit(BROKEN)
    return pid


def fork_each(
    indices: Sequence[int], begin: Callable[[int, Path], int], jobs: int, scratch: Path
) -> Iterator[tuple[int, int]]:
    """Begin a process for each index, `jobs` at once, and yield the index and the exit code as they end."""
    waiting, running = list(reversed(indices)), dict[int, int]()
    while waiting or running:
        while waiting and len(running) < jobs:
            index = waiting.pop()
            running[begin(index, scratch / f"mutant-{index}")] = index
        pid, status = os.wait()
        index = running.pop(pid)
        yield index, os.waitstatus_to_exitcode(status)
        shutil.rmtree(scratch / f"mutant-{index}", ignore_errors=True)  # what a killed one leaves, too


class _Host:
    """A plugin for pytest: in place of the tests it runs mutants, with the tests in copies of this process."""

    def __init__(self, path: str, found: Sequence[Mutant], jobs: int, scratch: Path) -> None:
        self._path, self._found, self._jobs, self._scratch = path, found, jobs, scratch
        self._tests = Tests()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Run every test once, and then those that fit over each mutant."""
        self._tests.template = make_template(session, self._scratch)
        self._first_run(session)
        functions = Functions(self._path, Path(self._path).read_text())
        left: list[int] = []
        survived: list[int] = []

        def begin(index: int, home: Path) -> int:
            return fork(home, lambda: self._exchange_and_run(session, functions, self._found[index]))

        for index, code in fork_each(range(len(self._found)), begin, self._jobs, self._scratch):
            if code == SURVIVED:
                survived.append(index)
            elif code in {NOT_TAKEN, BROKEN}:
                left.append(index)
            elif (killer := self._scratch / f"mutant-{index}" / "killer").exists():
                self._tests.note_killer(killer.read_text())
        told = {"left": left, "survived": survived, "tests": asdict(self._tests)}
        (self._scratch / "told").write_text(json.dumps(told))
        os._exit(SURVIVED)

    def _first_run(self, session: pytest.Session) -> None:
        home = self._scratch / "first"
        _, status = os.waitpid(fork(home, lambda: _run_all(session)), 0)
        if os.waitstatus_to_exitcode(status) != SURVIVED:
            os._exit(KILLED)
        self._tests.seconds = json.loads((home / "seconds").read_text())
        # Once, in this process: what an application keeps for the next one is then kept for every mutant.
        quickest = min(session.items, key=lambda item: self._tests.seconds[item.nodeid])
        quickest.config.hook.pytest_runtest_protocol(item=quickest, nextitem=None)

    def _exchange_and_run(self, session: pytest.Session, functions: Functions, mutant: Mutant) -> NoReturn:
        signal.alarm(self._tests.limit)
        if not functions.take(mutant.line, mutant.source):
            os._exit(NOT_TAKEN)
        _run_items(session, self._tests.in_order())


def _be_host(path: str, found: Sequence[Mutant], files: Sequence[str], jobs: int, scratch: Path) -> NoReturn:
    pytest.main([*OPTIONS, *files], plugins=[_Host(path, found, jobs, scratch)])
    os._exit(BROKEN)


class _Runner:
    """A plugin for pytest: it runs some tests over a mutant that was imported."""

    def __init__(self, mutated: Mutated, names: Sequence[str], template: str) -> None:
        self._mutated, self._names, self._template = mutated, names, template

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Run the tests until one fails."""
        use_template(session, self._template)
        _run_items(session, self._names, self._mutated)


def _import_and_run(path: str, mutant: Mutant, files: Sequence[str], tests: Tests) -> NoReturn:
    signal.alarm(tests.limit)
    mutated = Mutated(path, mutant.source)
    sys.meta_path.insert(0, mutated)
    pytest.main([*OPTIONS, *files], plugins=[_Runner(mutated, tests.in_order(), tests.template)])
    os._exit(KILLED)  # it could not be imported


def _run_all(session: pytest.Session) -> NoReturn:
    """Run every test and note how long each takes; the exit code tells whether all passed."""
    seconds: dict[str, float] = {}
    for item, following in pairwise([*session.items, None]):
        begun = time.monotonic()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        seconds[item.nodeid] = time.monotonic() - begun
        if session.testsfailed:
            Path(os.environ["TMPDIR"], "killer").write_text(item.nodeid)
            os._exit(KILLED)
    Path(os.environ["TMPDIR"], "seconds").write_text(json.dumps(seconds))
    os._exit(SURVIVED)


def _run_items(session: pytest.Session, names: Sequence[str], mutated: Mutated | None = None) -> NoReturn:
    """Run the tests of these names, and leave the process at the first failure, or in the end.

    `mutated` has to be what was imported by then.
    """
    by_name = {item.nodeid: item for item in session.items}
    for item, following in pairwise([*(by_name[name] for name in names), None]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            Path(os.environ["TMPDIR"], "killer").write_text(item.nodeid)
            os._exit(KILLED)
    loaded = mutated is None or getattr(sys.modules.get(mutated.name), "__loader__", None) is mutated
    os._exit(SURVIVED if loaded else BROKEN)


def make_template(session: pytest.Session, folder: Path) -> str:
    """Migrate a database to be copied for every test of every mutant, and return its URL."""
    from dovetail.testing.databases import TestDatabases
    from dovetail.testing.plugin import named_settings

    databases, template = TestDatabases(folder), folder / "template.sqlite3"
    with databases.migrated("sqlite", named_settings(session.config)) as url:
        shutil.copyfile(url.partition(":///")[2], template)
    databases.close()
    use_template(session, url := f"sqlite+aiosqlite:///{template}")
    return url


def use_template(session: pytest.Session, url: str) -> None:
    """Let the fixtures copy the database at `url` instead of making one of their own."""
    from dovetail.testing.databases import TestDatabases
    from dovetail.testing.plugin import named_settings

    known, make = ("sqlite", named_settings(session.config)), TestDatabases._template
    TestDatabases._template = lambda databases, *key: url if key == known else make(databases, *key)
