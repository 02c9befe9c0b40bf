"""Write into survivors.md what was run, when, and over which commit."""

import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.mutants.covered import digest
from tests.mutants.modules import MODULES
from tests.mutants.mutations import Changes
from tests.mutants.record import HUNG, KILLED, UNRUN, Verdict

PAGE = Path(__file__).parent / "survivors.md"
BEGIN, END = "<!-- the table, which the tool writes -->\n", "<!-- the end of the table -->\n"


def current(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Return the verdicts on each module as its text is now."""
    digests = {path: digest(path) for path in MODULES}
    found: dict[str, list[Verdict]] = {path: [] for path in MODULES}
    for verdict in verdicts:
        if digests.get(verdict.path) == verdict.digest:
            found[verdict.path].append(verdict)
    return found


def write(verdicts: Iterable[Verdict]) -> None:
    """Replace the table on the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(before + BEGIN + table(current(verdicts)) + END + after, encoding="utf-8")


def table(verdicts: dict[str, list[Verdict]]) -> str:
    """Return a line for each module, the sum, and the modules that were not run."""
    run = {path: found for path, found in verdicts.items() if found}
    rows = [(path, len(Changes(Path(path).read_text())), found) for path, found in run.items()]
    total = [verdict for found in run.values() for verdict in found]
    lines = [f"| `{path}` | {size} | {_numbers(found)} |" for path, size, found in rows]
    hung, unrun = (sum(one.verdict == verdict for one in total) for verdict in (HUNG, UNRUN))
    left = ", ".join(f"`{path}`" for path in verdicts if path not in run) or "none"
    return "\n".join(
        [
            f"Run on {datetime.now(UTC):%d %B %Y} over {_commit()}: {share(total)}.",
            "",
            "| module | changes | run | killed | survived |",
            "|---|---|---|---|---|",
            *lines,
            f"| all | {sum(size for _, size, _ in rows)} | {_numbers(total)} |",
            "",
            f"Of the killed, {hung} hung; of the survivors, {unrun} are run by no test that is near. Not run: {left}.",
            "",
        ]
    )


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def share(verdicts: Sequence[Verdict]) -> str:
    """Return how many were killed, in words."""
    killed = sum(not verdict.survived for verdict in verdicts)
    return f"{killed} of {len(verdicts)} were killed ({killed / max(len(verdicts), 1):.1%})"


def without_reason(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the survivors that the page does not name."""
    page = PAGE.read_text(encoding="utf-8")
    return [one for one in verdicts if one.survived and one.mutant.partition(": ")[2] not in page]


def _numbers(found: Sequence[Verdict]) -> str:
    killed = sum(verdict.verdict in {KILLED, HUNG} for verdict in found)
    return f"{len(found)} | {killed} | {len(found) - killed}"
