"""`manage.py help [COMMAND]`."""

import click


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
    found = group.command.get_command(group, command) if isinstance(group.command, click.Group) else None
    if found is None:
        raise click.UsageError(f"there is no command {command!r}; `manage.py help` lists them", ctx=group)
    with click.Context(found, info_name=command, parent=group) as found_ctx:
        click.echo(found.get_help(found_ctx))
