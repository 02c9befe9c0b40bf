"""`make mutants`: break the code that lets people in, in every small way, and see that a test fails each time.

    make mutants                                              # all of it
    make mutants MUTANTS="dovetail/contrib/auth/users.py"     # one module, or a few
    make mutants MUTANTS="--again dovetail/signing.py"        # what survived last time, now that there are tests

It ends with 1 if fewer than 90 of 100 were killed, or if a test fails before anything is broken; it names each
survivor for which survivors.md gives no reason. Each mutant has a process of its own, and the tests that are nearest to
its module (`modules.py`) run in it until one fails. SQLite alone is used: what is PostgreSQL's alone (locks of rows) is
seen in the statements.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.mutants.judge import UnfitTestsError, judge
from tests.mutants.modules import LIBRARIES, MODULES
from tests.mutants.mutations import Mutant, mutants

HERE = Path(__file__).parent
LAST = Path("var/mutants.json")  # what survived
ENOUGH = 90  # of 100
MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Verdict:
    """What became of the mutants of a module."""

    path: str
    killed: int
    survivors: list[Mutant]


def main() -> int:
    """Run the mutants and print what became of them."""
    given = _arguments()
    os.chdir(HERE.parent.parent)
    os.environ["TEST_DATABASE_URL"] = "none"  # so that no run of pytest starts PostgreSQL
    for name in LIBRARIES:  # once, and not in every process
        with suppress(ImportError):
            import_module(name)
    last: dict[str, list[str]] = json.loads(LAST.read_text()) if LAST.exists() else {}
    verdicts, unfit = [], 0
    for path in given.modules or MODULES:
        try:
            verdicts.append(_judge(path, last.get(path, []) if given.again else None, given))
        except UnfitTestsError as error:
            click.echo(str(error))
            unfit = 1
            continue
        last[path] = [str(mutant) for mutant in verdicts[-1].survivors]
        LAST.parent.mkdir(exist_ok=True)
        LAST.write_text(json.dumps(last, indent=1))
    return _sum_up(verdicts) or unfit


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument(
        "modules", nargs="*", metavar="PATH", help="a module that modules.py names; all of them without"
    )
    parser.add_argument("--again", action="store_true", help="only what survived last time")
    parser.add_argument("--quick", action="store_true", help="do not look again, more slowly, at what survived")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at once, one a core by default")
    given = parser.parse_args()
    if unknown := set(given.modules) - set(MODULES):
        parser.error(f"tests/mutants/modules.py names no tests for {', '.join(sorted(unknown))}")
    return given


def _judge(path: str, only: Sequence[str] | None, given: argparse.Namespace) -> Verdict:
    begun = time.monotonic()
    found = [mutant for mutant in mutants(Path(path).read_text()) if only is None or str(mutant) in only]
    survivors: list[Mutant] = []
    if found:
        folder = MEMORY if os.access(MEMORY, os.W_OK) else None
        with TemporaryDirectory(prefix="dovetail-mutants-", dir=folder) as scratch:
            survivors = judge(path, found, MODULES[path], jobs=given.jobs, quick=given.quick, scratch=Path(scratch))
    killed = len(found) - len(survivors)
    click.echo(f"{path}: {killed} killed of {len(found)}, {time.monotonic() - begun:.0f} s")
    for mutant in survivors:
        click.echo(f"  {mutant.line}: {mutant}")
    return Verdict(path, killed, survivors)


def _sum_up(verdicts: Sequence[Verdict]) -> int:
    killed = sum(each.killed for each in verdicts)
    total = killed + sum(len(each.survivors) for each in verdicts)
    click.echo("\n| module | killed | survived |\n|---|---|---|")
    for each in verdicts:
        click.echo(f"| `{each.path}` | {each.killed} | {len(each.survivors)} |")
    click.echo(f"\n{killed} of {total} were killed, {killed / max(total, 1):.1%}; expected {ENOUGH} % or more.")
    reasons = (HERE / "survivors.md").read_text()
    for one in verdicts:
        for mutant in one.survivors:
            if str(mutant) not in reasons:
                click.echo(f"survivors.md gives no reason for {one.path}:{mutant.line}: {mutant}")
    return 1 if killed * 100 < total * ENOUGH else 0


if __name__ == "__main__":
    raise SystemExit(main())
