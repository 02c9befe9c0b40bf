"""Print rows as a table that a reader and `grep` can both follow."""

from collections.abc import Sequence

import click


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print `rows` in columns as wide as their widest cell, below `titles` in bold."""
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(len(titles))]
    click.secho(_line(titles, widths), bold=True)
    for row in rows:
        click.echo(_line(row, widths))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
