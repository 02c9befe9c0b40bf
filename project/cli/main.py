"""`manage.py`: find the command, run it, and end every expected failure in one line and a non-zero exit code."""

import sys
from collections.abc import Sequence
from pkgutil import resolve_name

import click

from project.cli.kernel_commands import COMMANDS
from project.cli.state import State
from project.command import Command
from project.errors import DovetailError
from project.settings import Settings


def main(settings_class: type[Settings], argv: Sequence[str] | None = None) -> int:
    """Run `manage.py` with `argv` (the process's own by default) and return its exit code."""
    state = State(settings_class, tuple(command.name for command in COMMANDS))
    try:
        code = Manage().main(list(argv) if argv is not None else None, "manage.py", standalone_mode=False, obj=state)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help())
        return 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    except DovetailError as error:
        return _fail(error.detail)
    except Exception as error:
        if not _is_database_error(error):
            raise
        return _fail(f"The database did not answer as expected: {_first_line(error)}")
    return code if isinstance(code, int) else 0


class Manage(click.Group):
    """The kernel's commands and those of every plugin; each is imported only when it runs."""

    def __init__(self) -> None:
        super().__init__("manage.py", help=__doc__, no_args_is_help=True)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, the kernel's first."""
        return list(_commands(ctx))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command. A plugin's broken settings do not keep the kernel's own commands from being found."""
        kernel = {command.name: command for command in COMMANDS}
        command = kernel.get(cmd_name) or _commands(ctx).get(cmd_name)
        return None if command is None else load_command(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List every command with its line of help, without importing one."""
        rows = [(command.name, command.help) for command in _commands(ctx).values()]
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows))


def load_command(command: Command) -> click.Command:
    """Import the click command that `command` names. Raises DovetailError if it is something else."""
    found = resolve_name(command.run)
    if not isinstance(found, click.Command):
        raise DovetailError(f"{command.run} is a {type(found).__name__}, expected a click command")
    found.name = command.name
    return found


def _commands(ctx: click.Context) -> dict[str, Command]:
    state = ctx.find_object(State)
    assert state is not None  # noqa: S101 - main() always passes one
    return {command.name: command for command in COMMANDS} | state.registry.commands


def _fail(message: str) -> int:
    click.echo(f"manage.py: {message}", err=True)
    return 1


def _is_database_error(error: Exception) -> bool:
    # Known only if SQLAlchemy was imported at all: `help` must not pay for it.
    sqlalchemy = sys.modules.get("sqlalchemy.exc")
    return isinstance(error, OSError) or (sqlalchemy is not None and isinstance(error, sqlalchemy.SQLAlchemyError))


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
