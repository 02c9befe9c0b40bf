"""`dovetail`, or `python -m dovetail`: what one needs before there is a site. A site has its own `manage.py`."""

import sys
from collections.abc import Sequence

import click

from dovetail import __version__
from dovetail.cli.error_lines import error_line
from dovetail.cli.programs import fail, run_program
from dovetail.cli.scaffold.startplugin import startplugin
from dovetail.cli.scaffold.startproject import startproject

COMMAND = "dovetail"


@click.group(no_args_is_help=True, epilog="A site has its own manage.py, which does everything else.")
@click.version_option(__version__, prog_name=COMMAND)
def commands() -> None:
    """Start a site, or a plugin that is a distribution of its own."""


commands.add_command(startproject)
commands.add_command(startplugin)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names (the process's own arguments by default) and return its exit code."""
    try:
        return run_program(commands, argv, COMMAND)
    except OSError as error:
        line = error_line(error)
        if line is None:
            raise
        return fail(COMMAND, line)


if __name__ == "__main__":
    sys.exit(main())
