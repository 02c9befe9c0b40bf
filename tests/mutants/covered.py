"""Find out by coverage.py which tests run which lines of the modules, and keep it for the next run.

The tests run once, over the code as it is, and have to pass. What was found out of a file of tests holds until that
file is changed, and of a module until that is.
"""

import json
import os
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from coverage import Coverage

FOLDER = Path("var/mutants/covered")
ON_IMPORT = "import"  # in place of the name of a test


@dataclass(frozen=True)
class Tried:
    """A test that passed: the seconds of processor time that it took, and the lines it ran of each module."""

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


def test_files(places: Iterable[str]) -> Iterator[str]:
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
    """A plugin for pytest: it notes what each test runs, and keeps it as soon as the tests of a file are through."""

    def __init__(self, modules: Sequence[str], until: float) -> None:
        self._modules, self._until = modules, until
        self._seconds: dict[str, float] = {}
        self._failed: list[str] = []
        self._coverage = self._begin()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
        """Run a test, and note the lines and the time; end between two files when the time is over."""
        self._coverage.switch_context(item.nodeid)
        begun = _processor_time()
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] = _processor_time() - begun
            self._coverage.switch_context("")
            if nextitem is None or nextitem.path != item.path:
                self._keep(item.nodeid.partition("::")[0])
                if time.monotonic() > self._until:
                    item.session.shouldstop = "the time is over"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that fails."""
        if report.failed:
            self._failed.append(report.nodeid)

    def _begin(self) -> Coverage:
        coverage = Coverage(
            data_file=None, config_file=False, include=self._modules, concurrency=["thread", "greenlet"], messages=False
        )
        coverage.start()
        return coverage

    def _keep(self, file: str) -> None:
        self._coverage.stop()
        lines = _lines_by_test(self._coverage, self._modules)
        tests = {name: Tried(self._seconds[name], lines.get(name, {})) for name in self._passed()}
        Covered({path: digest(path) for path in (file, *self._modules)}, tests, self._failed).keep(file)
        if imported := lines.get(""):
            _keep_imported(imported)
        self._seconds, self._failed = {}, []
        self._coverage = self._begin()

    def _passed(self) -> Collection[str]:
        return [name for name in self._seconds if name not in self._failed]


def imported_lines() -> dict[str, set[int]]:
    """Return the lines of each module that ran while the tests were collected."""
    kept = _kept(ON_IMPORT)
    told: dict[str, list[int]] = json.loads(kept.read_text()) if kept.exists() else {}
    return {path: set(lines) for path, lines in told.items()}


def _keep_imported(lines: dict[str, list[int]]) -> None:
    before = imported_lines()
    both = {path: sorted({*found, *before.get(path, ())}) for path, found in lines.items()}
    _kept(ON_IMPORT).write_text(json.dumps({path: sorted(found) for path, found in before.items()} | both))


def _lines_by_test(coverage: Coverage, modules: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = defaultdict(dict)
    data = coverage.get_data()
    for path in modules:
        for line, names in data.contexts_by_lineno(str(Path(path).resolve())).items():
            for name in names:
                found[name].setdefault(path, []).append(line)
    return found


def _processor_time() -> float:
    """Return the seconds of processor time of this process and of those that it began and that ended."""
    return sum(os.times()[:4])


def _kept(file: str) -> Path:
    return FOLDER / f"{file.replace('/', '.')}.json"
