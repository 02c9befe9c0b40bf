"""Find out which tests run which statements of the modules, and keep it for the next run.

The tests run once, over the code as it is, and have to pass. What was found out of a file of tests holds until that
file is changed, and of a module until that is.
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from tests.mutants.marks import Marks

FOLDER = Path("var/mutants/covered")
ON_IMPORT = "import"  # in place of the name of a test


@dataclass(frozen=True)
class Tried:
    """A test that passed: the seconds of processor time that it took, and where the statements begin that it ran."""

    seconds: float
    lines: dict[str, list[int]]


@dataclass(frozen=True)
class Covered:
    """What is known of a file of tests: each test, and the digests of that file and of the modules as they were."""

    digests: dict[str, str]
    tests: dict[str, Tried]
    failed: list[str] = field(default_factory=list)

    def keep(self, file: str) -> None:
        """Keep it for the next run."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        _kept(file).write_text(json.dumps(asdict(self)))

    def holds_for(self, path: str) -> bool:
        """Return True if all tests passed, and a module is still as it was."""
        return not self.failed and self.knows(path)

    def knows(self, path: str) -> bool:
        """Return True if a file is still as it was."""
        return self.digests.get(path) == digest(path)


def digest(path: str) -> str:
    """Return the digest of a file's text."""
    return sha256(Path(path).read_bytes()).hexdigest()


def files_of_tests(places: Iterable[str]) -> Iterator[str]:
    """Yield the files of tests that are named, and those in the folders that are named."""
    for place in places:
        yield from sorted(map(str, Path(place).rglob("test_*.py"))) if Path(place).is_dir() else [place]


def load(file: str) -> Covered | None:
    """Return what is known of a file of tests, or None if nothing is, or the file was changed."""
    kept = _kept(file)
    if not kept.exists() or not Path(file).exists():
        return None
    covered = _read(kept, kept.stat().st_mtime_ns)
    return covered if covered.knows(file) else None


def known_files() -> list[str]:
    """Return all files of tests of which something is known."""
    kept = [path for path in sorted(FOLDER.glob("*.json")) if path != _kept(ON_IMPORT)]
    return [next(iter(_read(path, path.stat().st_mtime_ns).digests)) for path in kept]


@cache
def _read(kept: Path, changed_at: int) -> Covered:
    told = json.loads(kept.read_text())
    return Covered(told["digests"], {name: Tried(**each) for name, each in told["tests"].items()}, told["failed"])


class Recorder:
    """A plugin for pytest: it notes what each test runs, and keeps it as soon as the tests of a file are through.

    It has to be made before any of the modules is imported.
    """

    def __init__(self, modules: Sequence[str], until: float) -> None:
        self._modules, self._until = modules, until
        self._marks = Marks(modules)
        sys.meta_path.insert(0, self._marks)
        self._tests: dict[str, Tried] = {}
        self._failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
        """Run a test, and note the lines and the time; end between two files when the time is over."""
        if imported := self._marks.take():
            _keep_imported(imported)
        begun = _processor_time()
        try:
            return (yield)
        finally:
            self._tests[item.nodeid] = Tried(_processor_time() - begun, self._marks.take())
            if nextitem is None or nextitem.path != item.path:
                self._keep(item.nodeid.partition("::")[0])
                if time.monotonic() > self._until:
                    item.session.shouldstop = "the time is over"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that fails."""
        if report.failed:
            self._failed.append(report.nodeid)

    def _keep(self, file: str) -> None:
        passed = {name: tried for name, tried in self._tests.items() if name not in self._failed}
        Covered({path: digest(path) for path in (file, *self._modules)}, passed, self._failed).keep(file)
        self._tests, self._failed = {}, []


def imported_lines() -> dict[str, set[int]]:
    """Return the lines of each module that ran while the tests were collected."""
    kept = _kept(ON_IMPORT)
    told: dict[str, list[int]] = json.loads(kept.read_text()) if kept.exists() else {}
    return {path: set(lines) for path, lines in told.items()}


def _keep_imported(lines: dict[str, list[int]]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    before = imported_lines()
    both = {path: sorted({*found, *before.get(path, ())}) for path, found in lines.items()}
    _kept(ON_IMPORT).write_text(json.dumps({path: sorted(found) for path, found in before.items()} | both))


def _processor_time() -> float:
    """Return the seconds of processor time of this process and of those that it began and that ended."""
    return sum(os.times()[:4])


def _kept(file: str) -> Path:
    return FOLDER / f"{file.replace('/', '.')}.json"
