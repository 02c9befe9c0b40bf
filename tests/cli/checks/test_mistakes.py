"""Mistakes of a first plugin: the line that is shown says what was found, what was expected and what to do."""

import re

import click
import pytest
from pydantic_settings import SettingsConfigDict

from dovetail.cli.checks.unread_variables import check_variables
from dovetail.cli.error_lines import error_line
from dovetail.cli.main import load_command
from dovetail.errors import DovetailError
from dovetail.plugin import Command, async_command
from dovetail.settings import Settings
from tests.running import ROOT, manage
from tests.test_registry import load, package, plugin, problems

__all__ = ("load", "package")  # fixtures

HEAD = "from sqlalchemy.orm import Mapped, mapped_column\nfrom dovetail.database.models import Base, IdMixin\n"
TABLE = "class Book(IdMixin, Base):\n    __tablename__ = 'first_book'\n"
API = "from fastapi import APIRouter\nfrom sqlalchemy.ext.asyncio import AsyncSession\nrouter = APIRouter()\n"
OF_MODELS = plugin("first", models="lazy('pkg_first.models:Book')")
OF_ROUTES = plugin("first", routers="lazy('pkg_first.api:router')")
MISTAKES = {
    "no primary key": (
        OF_MODELS,
        {"models": HEAD + "class Book(Base):\n    __tablename__ = 'first_book'\n    title: Mapped[str]\n"},
        "derive the model from IdMixin, or give a column primary_key=True",
    ),
    "no name of the table": (
        OF_MODELS,
        {"models": HEAD + "class Book(IdMixin, Base):\n    title: Mapped[str]\n"},
        "give it a __tablename__ that begins with the plugin's name and _",
    ),
    "no Mapped": (
        OF_MODELS,
        {"models": HEAD + TABLE + "    title: str = mapped_column()\n"},
        "Table form (models.py:3); write it as Mapped[...], as in title: Mapped[str]",
    ),
    "a type that no column has": (
        OF_MODELS,
        {"models": HEAD + TABLE + "    title: Mapped[object]\n"},
        "name the column's type, as in mapped_column(JSON)",
    ),
    "a circle of imports": (
        OF_MODELS,
        {
            "models": "from pkg_first.rules import RULE\nBook = 1\n",
            "rules": "from pkg_first.models import Book\nRULE = 1\n",
        },
        "two modules import each other: import one in the function that uses it",
    ),
    "a misspelt name in lazy": (
        plugin("first", models="lazy('pkg_first.models:Bok')"),
        {"models": HEAD + TABLE},
        "has no attribute 'Bok'; did you mean 'Book'?",
    ),
    "a misspelt import": (
        OF_MODELS,
        {"models": "from dovetail.database.models import IdMixn\n"},
        "did you mean 'IdMixin'?",
    ),
    "a misspelt module": ("from dovetail.plugins import Plugin\n", {}, "did you mean 'plugin'?"),
    "a misspelt option": (plugin("first", model="()"), {}, "(plugin.py:3); did you mean 'models'?"),
    "a session without its dependency": (
        OF_ROUTES,
        {"api": API + "@router.get('/books')\nasync def books(session: AsyncSession) -> None: ...\n"},
        "write SessionDep for the session",
    ),
}


@pytest.mark.parametrize(("source", "modules", "told"), MISTAKES.values(), ids=MISTAKES)
def test_the_line_says_what_to_do(package, tmp_path, source, modules, told):
    package("pkg_first", source, **modules)
    # In a process of its own: a model that cannot be mapped spoils those of other tests.
    (line,) = manage("check", PLUGINS='["pkg_first"]', PYTHONPATH=f"{tmp_path}:{ROOT}").stderr.splitlines()
    assert "raised on import" in line
    assert told in line


def test_dependencies_are_named_in_a_tuple_by_the_names_of_plugins(package, load):
    package("pkg_ground", plugin("ground"))
    package("pkg_first", plugin("first", depends_on="'ground'"))
    package("pkg_second", plugin("second", depends_on="('pkg_ground',)"))
    assert problems(lambda: load("pkg_ground", "pkg_first", "pkg_second")) == (
        "plugin 'first': depends_on is the text 'ground', expected a tuple: ('ground',)",
        "plugin 'second' depends on 'pkg_ground', which is not enabled; write the plugin's name: 'ground'",
    )


@click.command()
async def forgotten() -> None:
    """Lack the decorator that awaits it."""


@async_command
@click.command()
def turned_around() -> None:
    """Have the decorators in the wrong order."""


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("forgotten", "write @async_command below @click.command()"),
        ("turned_around", "write @click.command() above it"),
    ],
)
def test_a_command_that_lacks_a_decorator_is_refused(name, told):
    with pytest.raises(DovetailError, match=re.escape(told)):
        load_command(Command(name=name, help="", run=f"{__name__}:{name}"))


def test_a_server_that_is_not_there_leads_to_the_setting():
    line = error_line(ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 5432)"))
    assert line is not None
    assert line.endswith("; start it, or correct the host and the port in DATABASE_URL")


def test_a_misspelt_variable_is_told_and_one_of_another_program_is_not(load, tmp_path, monkeypatch):
    path = tmp_path / ".env"
    path.write_text("DATBASE_URL=sqlite:///x\nAUTH_LIFETIME=3\nPOSTGRES_PASSWORD=x\nTEST_DATABASE_URL=x\nSITE_NAME=x\n")
    monkeypatch.setenv("DATABASE_URI", "x")
    monkeypatch.setenv("LANGUAGE", "en")  # of gettext, beside LANGUAGES

    class OfSite(Settings):
        model_config = SettingsConfigDict(env_file=path)

    registry = load("dovetail.contrib.throttling", "dovetail.contrib.auth")
    found = list(check_variables(OfSite.model_construct(), registry))
    assert [(one.id, one.message) for one in found] == [
        ("kernel.W042", ".env sets AUTH_LIFETIME, which nothing reads."),
        ("kernel.W042", ".env sets DATBASE_URL, which nothing reads."),
        ("kernel.W042", "DATABASE_URI is set, which nothing reads."),
    ]
    assert "AUTH_TOKEN_LIFETIME" in found[0].hint
    assert [one.hint for one in found[1:]] == ["expected DATABASE_URL; rename it, or remove it"] * 2
