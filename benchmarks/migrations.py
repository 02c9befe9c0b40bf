"""Migrations beside Django's: whole processes, in turns, with the ratios taken within a round.

A busy machine disturbs both contestants of a round alike, so the median of the ratios says more than the times.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import click

from benchmarks.migration_sites import Project, django, dovetail

RESULTS = Path("var") / "benchmark-migrations.json"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one process took, in seconds; the start-up check is part of a process, and has no CPU time of its own."""

    wall: float
    cpu: float | None = None


Measure = Callable[[Project], Cost]


def migrate_everything(project: Project) -> Cost:
    """`migrate` on an empty database."""
    project.database.unlink(missing_ok=True)
    return _process(project, "migrate")


def migrate_nothing(project: Project) -> Cost:
    """`migrate` with nothing to do."""
    return _process(project, "migrate")


def show(project: Project) -> Cost:
    """`showmigrations`."""
    return _process(project, "showmigrations")


def look(project: Project) -> Cost:
    """What a server does when it starts to find out what is not applied, without the imports a server has anyway."""
    done = _run(project, [project.command()[0], "check.py"])
    found = json.loads(done)
    if found["unapplied"] or found.get("alembic"):
        raise RuntimeError(f"expected no unapplied migrations and no Alembic, found {found}")
    return Cost(wall=found["seconds"])


MEASURES: dict[str, Measure] = {
    "migrate, all of them": migrate_everything,
    "migrate, nothing to do": migrate_nothing,
    "showmigrations": show,
    "a server's start-up check": look,
}


def run(folder: Path, *, plugins: int, revisions: int, rounds: int) -> dict[str, dict[str, list[Cost]]]:
    """Measure both projects in turns; returns the costs of each measure and project, a round each."""
    projects = [dovetail(folder / "dovetail", plugins, revisions), django(folder / "django", plugins, revisions)]
    costs: dict[str, dict[str, list[Cost]]] = {name: {each.name: [] for each in projects} for name in MEASURES}
    for number in range(rounds + 1):
        for name, measure in MEASURES.items():
            for project in projects if number % 2 else reversed(projects):
                cost = measure(project)
                if number:  # the first round compiles the files and warms the disk
                    costs[name][project.name].append(cost)
    return costs


def summary(costs: dict[str, dict[str, list[Cost]]]) -> list[dict[str, float | str | None]]:
    """Medians, and medians of the ratios within each round."""
    lines: list[dict[str, float | str | None]] = []
    for name, found in costs.items():
        ours, theirs = found["dovetail"], found["django"]
        cpu = [cost.cpu for cost in (*ours, *theirs)]
        lines.append(
            {
                "what": name,
                "dovetail": median(cost.wall for cost in ours),
                "django": median(cost.wall for cost in theirs),
                "ratio": median(our.wall / their.wall for our, their in zip(ours, theirs, strict=True)),
                "dovetail_cpu": median(cost.cpu or 0 for cost in ours) if None not in cpu else None,
                "django_cpu": median(cost.cpu or 0 for cost in theirs) if None not in cpu else None,
            }
        )
    return lines


@click.command()
@click.option("--plugins", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--revisions", default=10, show_default=True, type=click.IntRange(min=1), help="Of each plugin.")
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(min=1))
@click.option("--output", default=RESULTS, show_default=True, type=click.Path(path_type=Path))
def main(plugins: int, revisions: int, rounds: int, output: Path) -> None:
    """Compare migrations with Django's."""
    with tempfile.TemporaryDirectory() as folder:
        lines = summary(run(Path(folder), plugins=plugins, revisions=revisions, rounds=rounds))
    click.echo(f"{plugins} plugins with {revisions} migrations each, on SQLite; medians of {rounds} rounds, in ms\n")
    click.echo(table(lines))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


def table(lines: Sequence[dict[str, float | str | None]]) -> str:
    """The summary in Markdown."""
    head = "| | Dovetail | Django | ratio | Dovetail, CPU | Django, CPU |\n|---|--:|--:|--:|--:|--:|\n"
    return head + "\n".join(
        f"| {line['what']} | {_ms(line['dovetail'])} | {_ms(line['django'])} | {float(line['ratio'] or 0):.2f} "
        f"| {_ms(line['dovetail_cpu'])} | {_ms(line['django_cpu'])} |"
        for line in lines
    )


def _ms(seconds: float | str | None) -> str:
    return "" if seconds is None else f"{float(seconds) * 1000:.{0 if float(seconds) >= 0.1 else 1}f}"  # noqa: PLR2004 - a tenth of a second


def _process(project: Project, *arguments: str) -> Cost:
    before = os.times()
    started = perf_counter()
    _run(project, project.command(*arguments))
    wall, after = perf_counter() - started, os.times()
    children = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall=wall, cpu=children)


def _run(project: Project, command: Sequence[str]) -> str:
    environment = {"PATH": os.environ["PATH"], **project.environment}
    done = subprocess.run(  # noqa: S603 - both projects were just written
        command, cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} of {project.name} failed: {done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
