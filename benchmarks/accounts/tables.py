"""What accounts cost, as Markdown; what was not measured is `-`."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from benchmarks.report.tables import NOTHING, table

FOLDER = Path("var")
Kind = TypeVar("Kind")
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class Read(TypedDict):
    """A read without a token and with one: statements and CPU seconds of each."""

    database: str
    read: str
    statements: Sequence[int]
    cpu: Sequence[float]


class Tokens(TypedDict):
    """What `benchmarks.accounts.tokens` found."""

    date: str
    times: int
    reads: Sequence[Read]


class Logins(TypedDict):
    """What `benchmarks.accounts.logins` found, on SQLite; times are in seconds."""

    date: str
    logins: int
    seconds: float
    looks: int
    waits: Mapping[str, float]  # p50, p99, longest


class Enumeration(TypedDict):
    """What `benchmarks.accounts.enumeration` found: how far medians lie apart, in seconds, by database and door."""

    date: str
    tries: int
    gaps: Mapping[str, Mapping[str, float]]


def read(folder: Path) -> tuple[Tokens | None, Logins | None, Enumeration | None]:
    """Return what the three measurements have left in a folder; None for one that was not made."""
    return _read(folder, "tokens", Tokens), _read(folder, "logins", Logins), _read(folder, "enumeration", Enumeration)


def keep(name: str, found: Tokens | Logins | Enumeration) -> None:
    """Leave what was measured for the report."""
    path = FOLDER / f"benchmark-{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def today() -> str:
    """Return the date on which something is measured."""
    return datetime.now(UTC).date().isoformat()


def text(tokens: Tokens | None, logins: Logins | None, enumeration: Enumeration | None) -> str:
    """Return the table of what was measured, and below it when, and by which command."""
    rows = [*_of_tokens(tokens), *_of_logins(logins), *_of_enumeration(enumeration)]
    made = [
        f"`python -m benchmarks.accounts.tokens` on {tokens['date']}, medians of {tokens['times']}" if tokens else "",
        f"`...logins` on {logins['date']}, {logins['looks']:,} looks at `/health/live`" if logins else "",
        f"`...enumeration` on {enumeration['date']}, {enumeration['tries']} tries each" if enumeration else "",
    ]
    return f"{table(['', *DATABASES.values()], rows)}\n\n{'; '.join(one for one in made if one)}."


def _of_tokens(found: Tokens | None) -> list[list[str]]:
    rows = []
    for name in ("one post", "twenty posts"):
        reads = {one["database"]: one for one in (found["reads"] if found else ()) if one["read"] == name}
        each = [reads.get(database) for database in DATABASES]
        rows.append([f"{name}, without and with a token: CPU, µs", *map(_cpu, each)])
        rows.append([f"{name}, without and with a token: statements", *map(_statements, each)])
    return rows


def _cpu(one: Read | None) -> str:
    if one is None:
        return NOTHING
    without, beside = (seconds * 1e6 for seconds in one["cpu"])
    return f"{without:.0f} and {beside:.0f} ({beside / without:.2f})"


def _statements(one: Read | None) -> str:
    return NOTHING if one is None else "{} and {}".format(*one["statements"])


def _of_logins(found: Logins | None) -> list[list[str]]:
    if found is None:
        return [["logins at once", NOTHING, NOTHING]]
    waits = ", ".join(f"{found['waits'][name] * 1000:.1f}" for name in ("p50", "p99", "longest"))
    return [
        [f"{found['logins']} logins at once, s", f"{found['seconds']:.1f}", NOTHING],
        ["`/health/live` meanwhile: p50, p99, longest, ms", waits, NOTHING],
    ]


def _of_enumeration(found: Enumeration | None) -> list[list[str]]:
    gaps = [found["gaps"].get(database) if found else None for database in DATABASES]
    return [["known, unknown and deactivated addresses: widest gap between medians, ms", *map(_widest, gaps)]]


def _widest(gaps: Mapping[str, float] | None) -> str:
    if not gaps:
        return NOTHING
    door, gap = max(gaps.items(), key=lambda one: one[1])
    return f"{gap * 1000:.1f} ({door})"


def _read(folder: Path, name: str, kind: type[Kind]) -> Kind | None:
    path = folder / f"benchmark-{name}.json"
    return TypeAdapter(kind).validate_json(path.read_bytes()) if path.exists() else None
