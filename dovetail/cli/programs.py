"""Run a group of commands so that every expected failure ends in one line and a non-zero exit code."""

from collections.abc import Sequence

import click


def run_program(group: click.Group, argv: Sequence[str] | None, program: str, obj: object = None) -> int:
    """Run the command that `argv` names (the process's own arguments by default) and return its exit code.

    `obj` is what commands find in their context. Errors that are not click's are raised.
    """
    try:
        code = group.main(list(argv) if argv is not None else None, program, standalone_mode=False, obj=obj)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help())
        return 0
    except click.UsageError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return fail(program, error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    return code if isinstance(code, int) else 0


def fail(program: str, message: str, code: int = 1) -> int:
    """Print in one line why `program` failed, and return its exit code."""
    click.echo(f"{click.style(f'{program}:', fg='red')} {message}", err=True)
    return code
