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
    assert isinstance(group.command, click.Group)  # noqa: S101 - as above
    _name, found, _rest = group.command.resolve_command(group, [command])
    assert found is not None  # noqa: S101 - resolve_command raises for a name that it does not know
    with click.Context(found, info_name=command, parent=group) as found_ctx:
        click.echo(found.get_help(found_ctx))
