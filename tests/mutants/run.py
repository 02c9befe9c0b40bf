"""`make mutants`: break the code that lets people in, in every small way, and see that a test fails each time.

    make mutants                                              # a sample of each module; what was run is not run again
    make mutants MUTANTS="--minutes 9"                        # a piece of it
    make mutants MUTANTS="--size 0 dovetail/signing.py"       # every mutant of a module, or of a few
    make mutants MUTANTS="--again dovetail/signing.py"        # what survived, with all tests that run it, new ones too

It ends with 1 if fewer than 90 of 100 were killed, or if a test fails before anything is broken; it names each
survivor for which survivors.md gives no reason. Each mutant has a process of its own, and those of the tests that are
nearest to its module (`modules.py`) that run the broken statement run in it until one fails. SQLite alone is used: what
is PostgreSQL's alone (locks of rows) is seen in the statements.
"""

import argparse
import math
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import click
import pytest

from tests.mutants import covered, record, table
from tests.mutants.choice import Choice
from tests.mutants.fresh import UnfitTestsError, judge_fresh
from tests.mutants.host import Limits, Task, run_host
from tests.mutants.modules import LIBRARIES, MODULES
from tests.mutants.mutations import Changes
from tests.mutants.processes import OPTIONS, leave, run_forked
from tests.mutants.record import Verdict
from tests.mutants.template import prepare_template

ENOUGH = 90  # of 100
MEMORY = Path("/dev/shm")
ROOT = Path(__file__).parent.parent.parent
OUTPUT = os.dup(1)
SECONDS = 5
AT_ONCE = 44  # modules whose tests are collected together


def main() -> int:
    """Run the mutants and print what became of them."""
    given = _arguments()
    os.chdir(ROOT)
    os.environ["TEST_DATABASE_URL"] = "none"  # so that no run of pytest starts PostgreSQL
    seconds = given.seconds or (math.inf if given.again else SECONDS)
    limits = Limits(time.monotonic() + given.minutes * 60, seconds, given.match)
    paths = given.modules or list(MODULES)
    if given.table:
        table.write(record.load().values())
        return _sum_up(paths)
    for name in LIBRARIES:  # once, and not in every process
        with suppress(ImportError):
            import_module(name)
    unfit = [_run_some(paths[start : start + AT_ONCE], given, limits) for start in range(0, len(paths), AT_ONCE)]
    if limits.is_over:
        click.echo("The time is over; the same command goes on from here.")
    return _sum_up(paths) or int(any(unfit))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument(
        "modules", nargs="*", metavar="PATH", help="a module that modules.py names; all of them without"
    )
    parser.add_argument("--again", action="store_true", help="only what survived, with all tests, imported anew")
    parser.add_argument("--match", default="", help="run only the tests that have this in their names")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin nothing more after so many minutes")
    parser.add_argument("--quick", action="store_true", help="leave what has to be imported anew to the next run")
    parser.add_argument("--seconds", type=float, help=f"the processor time of the tests of a mutant ({SECONDS})")
    parser.add_argument("--seed", default="1", help="which mutants are drawn, where there are more than --size (1)")
    parser.add_argument("--size", type=int, default=100, help="mutants of a module, 0 for all of them (100)")
    parser.add_argument("--table", action="store_true", help="run nothing; write the table into survivors.md")
    given = parser.parse_args()
    if unknown := set(given.modules) - set(MODULES):
        parser.error(f"tests/mutants/modules.py names no tests for {', '.join(sorted(unknown))}")
    return given


def _run_some(paths: Sequence[str], given: argparse.Namespace, limits: Limits) -> bool:
    """Run the mutants of some modules, and return True if a test fails before anything is broken, or none fits."""
    drawn = f"{given.size} {given.seed}"
    finished = record.finished(drawn)
    paths = [path for path in paths if given.again or finished.get(path) != covered.digest(path)]
    if limits.is_over or not paths:
        return False
    folder = MEMORY if os.access(MEMORY, os.W_OK) else None
    with TemporaryDirectory(prefix="dovetail-mutants-", dir=folder) as scratch:
        failed = _look_at_tests(paths, limits, Path(scratch))
        if failed:
            click.echo(f"before anything is broken a test fails: pytest {' '.join(failed)}")
        try:
            _run(paths, given, limits, Path(scratch))
        except UnfitTestsError as error:
            click.echo(str(error))
            return True
    if not given.again and not given.quick and not limits.is_over:
        record.finish(drawn, {path: covered.digest(path) for path in paths})
    return bool(failed)


def _run(paths: Sequence[str], given: argparse.Namespace, limits: Limits, scratch: Path) -> None:
    verdicts = record.load()
    if given.again:
        tasks = [_survivors(path, verdicts) for path in paths]
    else:
        tasks = [_drawn(path, given, verdicts) for path in paths]
        if any(task.mutants for task in tasks) and not limits.is_over:
            run_host([task for task in tasks if task.mutants], limits, scratch, _say)
        judged = record.load()
        tasks = [Task(task.path, [each for each in task.mutants if record.key(each) not in judged]) for task in tasks]
    if not given.quick:
        _run_fresh([task for task in tasks if task.mutants], limits, scratch)


def _look_at_tests(paths: Sequence[str], limits: Limits, scratch: Path) -> list[str]:
    """Find out which tests run what, where that is not known, and return those that fail, which are not used."""
    pairs = [(path, file) for path in paths for file in covered.files_of_tests(MODULES[path])]
    found = {file: covered.load(file) for _, file in pairs}
    unknown = dict.fromkeys(file for path, file in pairs if not ((known := found[file]) and known.holds_for(path)))
    if unknown:
        code, _ = run_forked(scratch / "covered", lambda: _note_what_runs(list(unknown), limits))
        if code == pytest.ExitCode.NO_TESTS_COLLECTED:  # they are PostgreSQL's alone
            for file in unknown:
                covered.Covered({path: covered.digest(path) for path in (file, *MODULES)}, {}).keep(file)
    return [name for each in map(covered.load, found) if each for name in each.failed]


def _note_what_runs(files: Sequence[str], limits: Limits) -> NoReturn:
    recorder = covered.Recorder(list(MODULES), limits.until)
    leave(pytest.main([*OPTIONS, *files], plugins=[recorder]))


def _drawn(path: str, given: argparse.Namespace, verdicts: dict[str, Verdict]) -> Task:
    drawn = Changes(Path(path).read_text(), given.seed).mutants(given.size or None)
    judged = {key for key, verdict in verdicts.items() if verdict.verdict != record.UNRUN}  # a test may run it by now
    return Task(path, [mutant for mutant in drawn if record.key(mutant) not in judged])


def _survivors(path: str, verdicts: dict[str, Verdict]) -> Task:
    survived = {key for key, verdict in verdicts.items() if verdict.survived and verdict.path == path}
    if not survived:
        return Task(path, [])
    return Task(path, [each for each in Changes(Path(path).read_text()).mutants() if record.key(each) in survived])


def _run_fresh(tasks: Sequence[Task], limits: Limits, scratch: Path) -> None:
    if not tasks or limits.is_over:
        return
    prepare_template(next(covered.files_of_tests(MODULES[tasks[0].path])), scratch)
    for task in tasks:
        choice = Choice(task.path, Path(task.path).read_text())
        for mutant in task.mutants:
            if not limits.is_over:
                verdict = judge_fresh(task.path, mutant, choice, limits, scratch)
                record.add(verdict)
                _say(verdict)


def _say(verdict: Verdict) -> None:
    """Print a verdict, from a process whose own output goes nowhere too."""
    line = f"{verdict.path}:{verdict.mutant}: {verdict.verdict} {verdict.killer}".rstrip()
    os.write(OUTPUT, f"{line}\n".encode())


def _sum_up(paths: Sequence[str]) -> int:
    by_module = table.current(record.load().values())
    found = [verdict for path in paths for verdict in by_module[path]]
    for verdict in table.without_reason(found):
        click.echo(f"survivors.md gives no reason for {verdict.path}:{verdict.mutant}")
    click.echo(f"{table.share(found)}; expected {ENOUGH} % or more.")
    killed = sum(not verdict.survived for verdict in found)
    return 1 if killed * 100 < len(found) * ENOUGH else 0


if __name__ == "__main__":
    raise SystemExit(main())
