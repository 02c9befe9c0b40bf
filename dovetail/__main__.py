"""`dovetail`, or `python -m dovetail`: what one needs before there is a site. A site has its own `manage.py`."""

import sys
from collections.abc import Sequence

import click

from dovetail import __version__
from dovetail.cli.error_lines import error_line
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
        code = commands.main(list(argv) if argv is not None else None, COMMAND, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help())
        return 0
    except click.UsageError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _fail(error.format_message())
    except click.Abort:
        return _fail("stopped")
    except OSError as error:
        line = error_line(error)
        if line is None:
            raise
        return _fail(line)
    return code if isinstance(code, int) else 0


def _fail(message: str) -> int:
    click.echo(f"{click.style(f'{COMMAND}:', fg='red')} {message}", err=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
