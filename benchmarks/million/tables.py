"""What `make bench-million` measured, as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.report.tables import table

NOTHING = "-"
HEADS = ("ms", "Dovetail", "Django", "ratio", "CPU", "Django, CPU", "ratio", "stall", "Django, stall")
Line = dict[str, Any]
HISTORY, PLAIN = "History", "no history"
HISTORY_HEADS = ("ms", "with the history", "without", "more", "CPU", "without, CPU", "more")


def sections(found: dict[str, Any]) -> dict[str, str]:
    """The text of each marker of the page."""
    lines: list[Line] = found["measurements"]
    databases = dict.fromkeys(line["database"] for line in lines)
    texts: dict[str, str] = {}
    for name in databases:
        own = [line for line in lines if line["database"] == name]
        texts[f"million {name}"] = costs([line for line in own if line["section"] != HISTORY])
        texts[f"history {name}"] = history([line for line in own if line["section"] == HISTORY])
    return texts | {"million setting": _setting(found["facts"])}


def back_office(found: dict[str, Any]) -> str:
    """The pages of the back office, of all that was measured."""
    return costs([line for line in found["measurements"] if line["section"] == "Back office"])


def costs(lines: Sequence[Line]) -> str:
    """A table with a row for each question."""
    return table(HEADS, (_row(group) for group in _by_question(lines)))


def history(lines: Sequence[Line]) -> str:
    """Return a table of what the line of the history costs a write."""
    return table(HISTORY_HEADS, (_more(group) for group in _by_question(lines)))


def _more(group: dict[str, Line]) -> list[str]:
    ours, plain = group["dovetail"], group.get(PLAIN)
    question = ours["question"]
    cells = [question[:1].upper() + question[1:]]
    for key in ("wall", "cpu"):
        mine, theirs = _value(ours, key), None if plain is None else _value(plain, key)
        cells += [_ms(mine), _ms(theirs), NOTHING if theirs is None else f"{mine / theirs - 1:+.0%}"]
    return cells


def _by_question(lines: Sequence[Line]) -> Iterable[dict[str, Line]]:
    for name in dict.fromkeys((line["section"], line["question"]) for line in lines):
        yield {line["contestant"]: line for line in lines if (line["section"], line["question"]) == name}


def _row(group: dict[str, Line]) -> list[str]:
    ours, its = group["dovetail"], group.get("django")
    stalls = [_ms(line.get("stall") if line else None) for line in (ours, its)]
    return [f"{ours['section']}: {ours['question']}", *_pair(ours, its, "wall"), *_pair(ours, its, "cpu"), *stalls]


def _pair(ours: Line, its: Line | None, key: str) -> list[str]:
    mine, theirs = _value(ours, key), _value(its, key) if its else None
    return [_ms(mine), _ms(theirs), NOTHING if theirs is None else f"{mine / theirs:.2f}"]


def _value(line: Line, key: str) -> float:
    return float(line[key]) + (line.get("postgres") or 0.0 if key == "cpu" else 0.0)


def _ms(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{seconds * 1e3:,.{0 if seconds >= 0.1 else 1}f}"  # noqa: PLR2004 - a tenth of a second


def _setting(facts: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    return (
        f"`make bench-million` on {facts['date']}: {facts['cores']} cores, the server on one of them; "
        f"Python {facts['python']}, PostgreSQL {facts['postgresql']}; {facts['posts']:,} posts, {2 * facts['posts']:,} "
        f"comments, {facts['users']:,} users; {facts['seconds']:g} s a measurement, at least three requests.\n\n"
        f"Versions: {packages}."
    )
