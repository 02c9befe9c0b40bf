"""`manage.py`: find the command, run it, and end every expected failure in one line and a non-zero exit code."""

from collections.abc import Mapping, Sequence
from copy import copy
from inspect import iscoroutinefunction
from pkgutil import resolve_name

import click

from dovetail.cli.error_lines import error_line
from dovetail.cli.kernel_commands import COMMANDS
from dovetail.cli.programs import fail, run_program
from dovetail.cli.state import State
from dovetail.discovery import PLUGIN_FAILURES, describe
from dovetail.errors import ConfigurationError, DovetailError
from dovetail.plugin import Command
from dovetail.server.collector import begin_work
from dovetail.settings import Settings

PROGRAM = "manage.py"
KERNEL = {command.name: command for command in COMMANDS}
MAY_EXIT = frozenset({"dbshell", "quickstart", "runserver", "shell", "test"})  # they run what is not of the site


def main(settings_class: type[Settings], argv: Sequence[str] | None = None) -> int:
    """Run `manage.py` with `argv` (the process's own by default) and return its exit code."""
    begin_work()
    state = State(settings_class, tuple(KERNEL))
    try:
        return run_program(Manage(), argv, PROGRAM, state)
    except PLUGIN_FAILURES as error:
        line = _line_for(error, state)
        if line is None:
            raise
        return fail(PROGRAM, line)


class Manage(click.Group):
    """The kernel's commands and those of every plugin; each is imported only when it runs."""

    def __init__(self) -> None:
        text = "Dovetail's command line. `manage.py help COMMAND` explains one command."
        super().__init__(PROGRAM, params=[TRACEBACK], help=text, no_args_is_help=True)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, the kernel's first."""
        return [*KERNEL, *_state(ctx).registry.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command. A plugin's broken settings do not keep the kernel's own commands from being found."""
        command = KERNEL.get(cmd_name) or _state(ctx).registry.commands.get(cmd_name)
        return None if command is None else load_command(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest ones."""
        try:
            _state(ctx).command = args[0]
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise _no_such_command(error.command_name, ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List every command with its line of help, without importing one."""
        _write(formatter, "Commands", KERNEL)
        try:
            registry = _state(ctx).registry
        except ConfigurationError as error:
            formatter.write_paragraph()
            formatter.write(click.style("The commands of plugins are missing here: ", fg="red") + error.detail + "\n")
            return
        for plugin in registry.plugins:
            if plugin.commands:
                _write(formatter, f"Commands of {plugin.name}", {command.name: command for command in plugin.commands})


def load_command(command: Command) -> click.Command:
    """Import the click command that `command` names. Raise DovetailError if there is none."""
    try:
        found = resolve_name(command.run)
    except PLUGIN_FAILURES as error:
        where = f"the command {command.name!r} cannot be imported from {command.run}"
        raise DovetailError(f"{where}: {describe(error, command.run.partition(':')[0].rpartition('.')[0])}") from error
    if not isinstance(found, click.Command):
        raise DovetailError(
            f"{command.run} is a {type(found).__name__}, expected a click command; write @click.command() above it"
        )
    if iscoroutinefunction(found.callback):
        raise DovetailError(
            f"{command.run} is `async def`, which click does not await; write @async_command below @click.command()"
        )
    loaded = copy(found)
    loaded.name = command.name
    loaded.params = [*found.params, TRACEBACK]
    return loaded


@click.command("help")
@click.argument("command", required=False)
@click.pass_context
def help_command(ctx: click.Context, command: str | None) -> None:
    """Show this list, or the help of one command."""
    group = ctx.parent
    assert group is not None  # noqa: S101 - click runs a command of a group below it
    if command is None:
        click.echo(group.get_help())
        return
    assert isinstance(group.command, click.Group)  # noqa: S101 - as above
    _name, found, _rest = group.command.resolve_command(group, [command])
    assert found is not None  # noqa: S101 - resolve_command raises for a name that it does not know
    with click.Context(found, info_name=command, parent=group) as found_ctx:
        click.echo(found.get_help(found_ctx))


def _line_for(error: Exception | SystemExit, state: State) -> str | None:
    """Return the line for what ended a command; None if it is to be seen in full, and for an exit that was meant."""
    if not isinstance(error, SystemExit):
        return None if state.show_traceback else error_line(error)
    if error.code or state.command not in KERNEL or state.command in MAY_EXIT:
        return None
    return f"{state.command} did not end: {describe(error, 'plugins')} was raised in the middle of it"


def _no_such_command(name: str, ctx: click.Context) -> click.UsageError:
    """The error for a command that does not exist; it names the nearest ones."""
    return click.exceptions.NoSuchCommand(name, possibilities=Manage().list_commands(ctx), ctx=ctx)


def _remember_traceback(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - the signature is click's
    if value:
        _state(ctx).show_traceback = True


TRACEBACK = click.Option(
    ["--traceback"],
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_remember_traceback,
    help="Show where an error came from, in full.",
)


def _state(ctx: click.Context) -> State:
    state = ctx.find_object(State)
    assert state is not None  # noqa: S101 - main() always passes one
    return state


def _write(formatter: click.HelpFormatter, title: str, commands: Mapping[str, Command]) -> None:
    with formatter.section(title):
        formatter.write_dl(sorted((command.name, command.help) for command in commands.values()))
