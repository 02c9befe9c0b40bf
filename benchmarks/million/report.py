"""Write what `make bench-million` measured into docs/million.md, between markers."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.million.run import RESULTS
from benchmarks.report import fill
from benchmarks.tables import table

PAGE = Path("docs") / "million.md"
NOTHING = "-"
Line = dict[str, Any]


@click.command()
@click.option("--figures", "path", default=RESULTS, show_default=True, type=click.Path(path_type=Path))
@click.option("--folder", default=Path(), type=click.Path(path_type=Path), help="Where docs/ is.")
@click.option("--print", "is_printed", is_flag=True, help="Print the tables, and leave the page alone.")
def main(*, path: Path, folder: Path, is_printed: bool) -> None:
    """Write the tables of `make bench-million` into docs/million.md."""
    found = json.loads(path.read_text(encoding="utf-8"))
    texts = sections(found)
    if is_printed:
        click.echo("\n\n".join(texts.values()))
        return
    page = folder / PAGE
    page.write_text(fill(page.read_text(encoding="utf-8"), texts), encoding="utf-8")


def sections(found: dict[str, Any]) -> dict[str, str]:
    """The text of each marker of the page."""
    lines = [line | {"all_cpu": line["cpu"] + (line.get("postgres") or 0)} for line in found["measurements"]]
    databases = dict.fromkeys(line["database"] for line in lines)
    texts = {f"million {name}": _costs([line for line in lines if line["database"] == name]) for name in databases}
    return texts | {"million setting": _setting(found["facts"])}


def _costs(lines: Sequence[Line]) -> str:
    heads = [
        "ms",
        "Dovetail",
        "Django",
        "ratio",
        "Dovetail, CPU",
        "Django, CPU",
        "ratio",
        "Dovetail, stall",
        "Django, stall",
    ]
    rows = (_row(group) for group in _by_question(lines))
    return table(heads, rows)


def _by_question(lines: Sequence[Line]) -> Iterable[dict[str, Line]]:
    names = dict.fromkeys((line["section"], line["question"]) for line in lines)
    for name in names:
        yield {line["contestant"]: line for line in lines if (line["section"], line["question"]) == name}


def _row(group: dict[str, Line]) -> list[str]:
    ours, its = group["dovetail"], group.get("django", {})
    stalls = [_ms(line.get("stall")) for line in (ours, its)]
    return [f"{ours['section']}: {ours['question']}", *_pair(ours, its, "wall"), *_pair(ours, its, "all_cpu"), *stalls]


def _pair(ours: Line, its: Line, key: str) -> list[str]:
    mine, theirs = ours[key], its.get(key)
    return [_ms(mine), _ms(theirs), NOTHING if theirs is None else f"{mine / theirs:.2f}"]


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


if __name__ == "__main__":
    main()
