"""`manage.py openapi`: the description of the API that clients are generated from."""

import json
from pathlib import Path

import click

from dovetail.application import site_application
from dovetail.cli.state import State


@click.command()
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of standard output."
)
@click.option("--indent", type=click.IntRange(0, 8), default=2, show_default=True, help="Spaces a level.")
@click.pass_obj
def openapi(state: State, *, output: Path | None, indent: int) -> None:
    """Write the OpenAPI document of the site as JSON, the same that it serves at /openapi.json."""
    text = json.dumps(site_application(state.settings).openapi(), indent=indent or None, ensure_ascii=False)
    if output is None:
        click.echo(text)
        return
    output.write_text(text + "\n", encoding="utf-8")
    click.echo(f"Wrote {output}.", err=True)
