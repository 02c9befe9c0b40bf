"""Commands of plugins: an async function that is given the open context."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import click
import pytest
from click.testing import CliRunner

from dovetail.errors import ConflictError
from dovetail.plugin import Context, async_command


@dataclass
class Opener:
    """Opens a context as manage.py does, and remembers when."""

    context: Any
    events: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Context]:
        self.events.append("open")
        try:
            yield self.context
        finally:
            self.events.append("closed")


@click.command()
@click.argument("name")
@click.option("--loud", is_flag=True)
@async_command
async def greet(context: Context, name: str, *, loud: bool) -> None:
    """Say hello."""
    if name == "nobody":
        raise ConflictError("There is nobody.")
    click.echo(f"{context} {name}{'!' * loud}")


def test_an_async_command_is_given_the_open_context_and_its_arguments():
    opener = Opener("from the site")
    result = CliRunner().invoke(greet, ["Ada", "--loud"], obj=opener)
    assert result.output == "from the site Ada!\n"
    assert opener.events == ["open", "closed"]


def test_the_context_is_closed_when_the_command_raises():
    opener = Opener("from the site")
    result = CliRunner().invoke(greet, ["nobody"], obj=opener)
    assert isinstance(result.exception, ConflictError)
    assert opener.events == ["open", "closed"]


def test_wrong_arguments_open_nothing():
    opener = Opener("from the site")
    assert CliRunner().invoke(greet, [], obj=opener).exit_code == 2
    assert opener.events == []


@pytest.mark.parametrize("words", ["Say hello.", "--loud"])
def test_its_docstring_and_options_are_its_help(words):
    assert words in CliRunner().invoke(greet, ["--help"]).output
