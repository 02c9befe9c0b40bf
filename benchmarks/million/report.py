"""Write what `make bench-million` measured into docs/million.md, between markers."""

import json
from pathlib import Path

import click

from benchmarks.million.run import RESULTS
from benchmarks.million.tables import sections
from benchmarks.report.page import fill

PAGE = Path("docs") / "million.md"


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


if __name__ == "__main__":
    main()
