"""`manage.py makemigrations [PLUGIN...]`."""

import asyncio
import re
import sys
from collections.abc import Callable
from textwrap import indent

import click
from sqlalchemy.types import TypeEngine

import dovetail.migrations.bridge.deferred_mako  # noqa: F401 - before Alembic
from dovetail.cli.state import State
from dovetail.migrations.make.maker import NewRevisions, RevisionOptions, make_revisions
from dovetail.migrations.make.questioner import Questioner, SafeAnswers, ServerDefault
from dovetail.migrations.make.revision_files import Rendered

LONGEST_NAME = 60  # characters, so that a revision's id has room on every database


@click.command("makemigrations")
@click.argument("plugins", nargs=-1, metavar="[PLUGIN]...")
@click.option("--name", help="What to call the migration after its number; by default it says what changes.")
@click.option("--empty", is_flag=True, help="Make an empty one, to be filled in by hand.")
@click.option("--merge", is_flag=True, help="Join the latest migrations of a plugin that has two.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--check", is_flag=True, help="Write nothing, and fail if the models have changed.")
@click.option("--noinput", is_flag=True, help="Ask nothing: take the safe answer, and say so.")
@click.pass_obj
def makemigrations(
    state: State,
    /,
    plugins: tuple[str, ...],
    *,
    name: str | None,
    empty: bool,
    merge: bool,
    dry_run: bool,
    check: bool,
    noinput: bool,
) -> None:
    """Write migrations for what changed in the models since the last ones.

    Without PLUGIN, for all plugins of the site itself; installed packages must be named. It compares the models with
    what the migrations so far build.
    """
    if name is not None and not re.fullmatch(rf"\w{{1,{LONGEST_NAME}}}", name, re.ASCII):
        raise click.BadParameter(
            f"{name[:80]!r} cannot be part of a file name; use up to {LONGEST_NAME} letters, digits and _",
            param_hint="--name",
        )
    if sum((empty, merge, check)) > 1:
        raise click.UsageError("--empty, --merge and --check exclude each other; give one of them")
    questions: Questioner = SafeAnswers() if noinput or check else Terminal()
    options = RevisionOptions(plugins=plugins, slug=name.lower() if name else None, empty=empty, merge=merge)
    made = asyncio.run(make_revisions(state.settings, state.registry, options, questions))
    notes = [*made.notes, *(questions.notes if isinstance(questions, SafeAnswers) else ())]
    for note in () if check else notes:
        click.echo(f"Note: {note}.", err=True)
    if not made.revisions:
        click.echo("Nothing to merge." if merge else "No changes detected.")
    elif check:
        _list(made)
        click.echo("The models have changes that no migration makes; run manage.py makemigrations.", err=True)
        sys.exit(1)
    elif dry_run:
        for rendered in made.revisions:
            _show(rendered)
    else:
        doubtful = made.write()
        _list(made)
        for message in doubtful:
            click.echo(str(message), err=True)


class Terminal:
    """Asks on the terminal."""

    def is_rename(self, table: str, old: str, new: str) -> bool:
        """Ask; drop and add would lose what the column holds."""
        return click.confirm(f"Was {table}.{old} renamed to {new}?", default=False)

    def is_table_rename(self, old: str, new: str) -> bool:
        """Ask; drop and create would lose its rows."""
        return click.confirm(f"Was the table {old} renamed to {new}?", default=False)

    def one_off_default(self, table: str, column: str, read: Callable[[str], ServerDefault]) -> ServerDefault:
        """Ask until it is a value that the column can hold."""

        def read_or_ask_again(text: str) -> ServerDefault:
            try:
                return read(text)
            except ValueError as error:
                raise click.BadParameter(str(error)) from None

        click.echo(f"{table}.{column} takes no NULL and has no server default: rows that exist need a value.")
        question = "A value for them (Ctrl+C to stop and change the model)"
        answer: ServerDefault = click.prompt(question, value_proc=read_or_ask_again)
        return answer

    def conversion(self, table: str, column: str, new: TypeEngine[object], cast: str) -> str:
        """Ask for the expression; PostgreSQL makes no value of this type of another kind by itself."""
        click.echo(f"{table}.{column} becomes {new}, which PostgreSQL makes of the old values by an expression only.")
        expression: str = click.prompt("The expression (USING)", default=cast)
        return expression


def _list(made: NewRevisions) -> None:
    for rendered in made.revisions:
        click.echo(f"{rendered.revision.plugin}: {rendered.revision.name}")


def _show(rendered: Rendered) -> None:
    revision = rendered.revision
    click.echo(
        f"# {revision.plugin}: {revision.name}.py, after {', '.join(revision.down + revision.depends_on) or 'nothing'}"
    )
    click.echo(f"def upgrade() -> None:\n{indent(rendered.upgrade or 'pass', '    ')}\n")
    click.echo(f"def downgrade() -> None:\n{indent(rendered.downgrade or 'pass', '    ')}\n")
