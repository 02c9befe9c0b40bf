"""Write what was measured into the README and docs/performance.md, between markers, and draw it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import click

from benchmarks import migrations, run, startup
from benchmarks.accounts import tables as accounts
from benchmarks.million.tables import back_office
from benchmarks.report import figures, tables
from benchmarks.report.figures import Figures

BACK_OFFICE = Path("var") / "benchmark-back-office.json"
PLOT = Path("docs") / "performance.svg"
PAGES = (Path("README.md"), Path("docs") / "performance.md")
SECTIONS: dict[str, Callable[[Figures], str]] = {
    "summary": tables.summary,
    "setting": tables.setting,
    "details": tables.details,
    "pages": lambda found: tables.costs(found, "limit"),
    "depth": lambda found: tables.costs(found, "offset", "cursor"),
    "middleware": tables.middleware,
}
NEEDED = (*tables.WORKLOADS, "limit", "offset", "cursor", run.MIDDLEWARE)


@click.command()
@click.option("--figures", "path", default=run.RESULTS, show_default=True, type=click.Path(path_type=Path))
@click.option("--migrations", "other", default=migrations.RESULTS, show_default=True, type=click.Path(path_type=Path))
@click.option("--startup", "start", default=startup.RESULTS, show_default=True, type=click.Path(path_type=Path))
@click.option("--back-office", "office", default=BACK_OFFICE, show_default=True, type=click.Path(path_type=Path))
@click.option("--accounts", "people", default=accounts.FOLDER, show_default=True, type=click.Path(path_type=Path))
@click.option("--folder", default=Path(), type=click.Path(path_type=Path), help="Where README.md and docs/ are.")
@click.option("--print", "is_printed", is_flag=True, help="Print the tables, and leave the files alone.")
def main(  # an option each
    *, path: Path, other: Path, start: Path, office: Path, people: Path, folder: Path, is_printed: bool
) -> None:
    """Write the tables of `make bench` into the README and docs/performance.md, and draw docs/performance.svg."""
    found = figures.read(path)
    if missing := [name for name in NEEDED if not found.workloads(name)]:
        raise click.ClickException(f"{path} has no figures of {', '.join(missing)}; run without --only")
    texts = {name: write(found) for name, write in SECTIONS.items()}
    texts["migrations"] = migrations.table(json.loads(other.read_text(encoding="utf-8")))
    texts["startup"] = startup.table(json.loads(start.read_text(encoding="utf-8")))
    texts["back office"] = back_office(json.loads(office.read_text(encoding="utf-8")))
    texts["accounts"] = accounts.text(*accounts.read(people))
    if is_printed:
        click.echo("\n\n".join(texts.values()))
        return
    for page in (folder / name for name in PAGES):
        page.write_text(fill(page.read_text(encoding="utf-8"), texts), encoding="utf-8")
    from benchmarks.report import plot  # needs matplotlib, which only `make bench` installs

    plot.draw(found, folder / PLOT)
    click.echo(texts["summary"])


def fill(page: str, texts: dict[str, str]) -> str:
    """Put each text between its markers, `<!-- benchmark: NAME -->` and `<!-- end -->`, where the page has them."""

    def text_of(match: re.Match[str]) -> str:
        return f"{match[1]}{texts[match['name']]}\n{match[3]}"

    names = "|".join(re.escape(name) for name in texts)
    pattern = rf"(<!-- benchmark: (?P<name>{names}) -->\n).*?(<!-- end -->)"
    return re.sub(pattern, text_of, page, flags=re.DOTALL)
