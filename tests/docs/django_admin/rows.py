"""Read what stands here for each option of Django's admin, and find what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.asvs.answers import functions_in, place_of

ROWS = Path(__file__).with_name("rows.txt")
WORKS, NOT_NEEDED, MISSING = "works", "not needed because", "missing"
MOST_NOT_NEEDED = 10
ALL = 133  # that Django 5.2 has


@dataclass(frozen=True)
class Row:
    """One option: how it is called in Django, whether it works here, what to write, and the test that executes it."""

    section: str
    name: str
    verdict: str
    here: str
    shown: str


def read_rows() -> list[Row]:
    """Return the rows in their order. Raises ValueError for a line that is none."""
    found: list[Row] = []
    section = ""
    for number, line in enumerate(ROWS.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line and not line.startswith("#"):
            parts = [part.strip() for part in line.split(" |")]
            if len(parts) != 4 or parts[1] not in {WORKS, NOT_NEEDED, MISSING}:
                raise ValueError(f"{ROWS.name}, line {number}: {line!r} is no row")
            found.append(Row(section, *parts))
    return found


def problems(row: Row) -> Iterator[str]:
    """Yield what is wrong with a row: a test that is not there, or none where something works."""
    if row.verdict == MISSING:
        if row.shown:
            yield f"{row.name} is missing, and yet {row.shown} executes it"
        return
    if not row.shown:
        yield f"{row.name}: no test executes it"
        return
    path, name = place_of(row.shown)
    if name not in functions_in(path):
        yield f"{row.name}: there is no test {path}::{name}"
