"""Write what accounts cost into the README and docs/performance.md: `python -m benchmarks.accounts.report`.

`make bench` writes this table with all others. By itself it does with any of the three measurements.
"""

from pathlib import Path

import click

from benchmarks.accounts.tables import FOLDER, read, text
from benchmarks.report.page import PAGES, fill


@click.command()
@click.option("--figures", "source", default=FOLDER, show_default=True, type=click.Path(path_type=Path))
@click.option("--folder", default=Path(), type=click.Path(path_type=Path), help="Where README.md and docs/ are.")
def main(*, source: Path, folder: Path) -> None:
    """Write the table of accounts, and leave the others as they are."""
    written = text(*read(source))
    for page in PAGES:
        whole = (folder / page).read_text(encoding="utf-8")
        (folder / page).write_text(fill(whole, {"accounts": written}), encoding="utf-8")
    click.echo(written)


if __name__ == "__main__":
    main()
