"""What `manage.py` says: lists, hints, and one line for each failure."""

import json
import textwrap
from pathlib import Path

import pytest

from tests.running import ROOT, Result, manage, python


@pytest.fixture
def plugin_path(tmp_path: Path) -> Path:
    """A folder on the path with the plugin `greeting`, whose commands fail in several ways."""
    package = tmp_path / "pkg_greeting"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "plugin.py").write_text(
        textwrap.dedent("""
            from dovetail.plugin import Command
            from dovetail.plugin import Plugin

            NAMES = ("greet", "refuse", "crash", "nowhere", "nocommand", "invalid")
            commands = [Command(name=name, help=f"To {name}.", run=f"pkg_greeting.commands:{name}") for name in NAMES]
            plugin = Plugin(name="greeting", commands=commands)
        """)
    )
    (package / "commands.py").write_text(
        textwrap.dedent("""
            import click
            from dovetail.plugin import async_command
            from dovetail.errors import ConflictError, FieldError, InvalidInputError

            nocommand = 3

            @click.command()
            @click.argument("name")
            @async_command
            async def greet(context, name):
                click.echo(f"Hello {name}, from {len(context.plugins)} plugin")

            @click.command()
            def refuse():
                raise ConflictError("There is a greeting already.")

            @click.command()
            def invalid():
                raise InvalidInputError(errors=[FieldError(pointer="/name", detail="expected a name")])

            @click.command()
            def crash():
                raise RuntimeError("a bug")
        """)
    )
    return tmp_path


def with_greeting(plugin_path: Path, *arguments: str) -> Result:
    return manage(*arguments, PLUGINS='["pkg_greeting"]', PYTHONPATH=f"{plugin_path}:{ROOT}")


@pytest.mark.parametrize("arguments", [("help",), ("--help",), ()])
def test_help_lists_every_command_with_a_line_of_help(arguments):
    result = manage(*arguments)
    assert result.code == 0
    for name in (
        "quickstart",
        "runserver",
        "check",
        "shell",
        "startplugin",
        "plugins",
        "routes",
        "openapi",
        "pool",
        "test",
    ):
        assert any(line.startswith(f"  {name} ") for line in result.stdout.splitlines()), name


def test_help_explains_one_command():
    result = manage("help", "runserver")
    assert result.code == 0
    assert "--workers" in result.stdout


def test_commands_of_plugins_are_listed_and_run(plugin_path):
    listed = with_greeting(plugin_path, "help")
    assert "Commands of greeting:" in listed.stdout
    assert "To greet." in listed.stdout
    assert with_greeting(plugin_path, "greet", "Ada").stdout == "Hello Ada, from 1 plugin\n"


@pytest.mark.parametrize("arguments", [("chekc",), ("help", "chekc")])
def test_a_typo_is_answered_with_the_nearest_command(arguments):
    result = manage(*arguments)
    assert result.code == 2
    assert "No such command 'chekc'. Did you mean 'check'?" in result.stderr


def test_a_typo_in_the_name_of_a_plugins_command_is_answered_too(plugin_path):
    assert "Did you mean 'greet'?" in with_greeting(plugin_path, "gret").stderr


def test_help_lists_the_kernels_commands_although_a_plugin_is_broken():
    result = manage("help", PLUGINS='["plugins.blgo"]')
    assert result.code == 0
    assert "  runserver " in result.stdout
    assert "did you mean 'plugins.blog'?" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.parametrize("command", ["check", "routes", "openapi", "runserver", "migrate", "unknown"])
def test_a_broken_plugin_ends_a_command_in_one_line(command):
    expected = "plugin 'plugins.blgo': there is no module plugins.blgo.plugin; did you mean 'plugins.blog'?"
    assert manage(command, PLUGINS='["plugins.blgo"]').error == expected


def test_wrong_settings_end_a_command_in_one_line_that_names_the_variables():
    error = manage("check", LOG_LEVEL="LOUD", DATABASE_POOL_SIZE="0").error
    assert error.startswith("The settings are not usable: LOG_LEVEL: ")
    assert "DATABASE_POOL_SIZE: " in error


@pytest.mark.parametrize("command", ["check", "showmigrations"])
def test_a_missing_secret_in_production_ends_a_command_in_one_line(command):
    assert "SECRET_KEY has 0 characters" in manage(command, ENVIRONMENT="production", SECRET_KEY="").error


def test_an_expected_failure_is_one_line(plugin_path):
    assert with_greeting(plugin_path, "refuse").error == "There is a greeting already."


def test_invalid_input_names_the_field(plugin_path):
    assert with_greeting(plugin_path, "invalid").error.endswith("name: expected a name")


@pytest.mark.parametrize("arguments", [("refuse", "--traceback"), ("--traceback", "refuse")])
def test_traceback_shows_where_an_expected_failure_came_from(plugin_path, arguments):
    result = with_greeting(plugin_path, *arguments)
    assert result.code == 1
    assert "Traceback" in result.stderr
    assert "ConflictError: There is a greeting already." in result.stderr


def test_a_bug_is_not_hidden(plugin_path):
    result = with_greeting(plugin_path, "crash")
    assert result.code == 1
    assert "RuntimeError: a bug" in result.stderr


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nowhere", "the command 'nowhere' cannot be imported from pkg_greeting.commands:nowhere: "),
        ("nocommand", "pkg_greeting.commands:nocommand is a int, expected a click command"),
    ],
)
def test_a_command_that_is_not_there_is_one_line(plugin_path, name, error):
    assert with_greeting(plugin_path, name).error.startswith(error)


def test_a_database_that_is_away_is_one_line_without_its_password():
    error = manage("showmigrations", DATABASE_URL="postgresql://ada:hidden@127.0.0.1:1/site").error
    assert error.startswith("The database did not answer as expected: ")
    assert "hidden" not in error


def test_a_database_url_that_cannot_be_read_is_one_line_without_its_password():
    error = manage("showmigrations", DATABASE_URL="postgresql://ada:hidden@host:port/site").error
    assert error.startswith("DATABASE_URL: cannot be read")
    assert "hidden" not in error


def test_a_database_without_tables_asks_for_migrate(empty_database_url):
    result = manage(
        "createsuperuser",
        "--noinput",
        DATABASE_URL=empty_database_url,
        SUPERUSER_USERNAME="ada",
        SUPERUSER_EMAIL="ada@example.org",
        SUPERUSER_PASSWORD="correct horse battery staple",
    )
    assert result.error.startswith("The database lacks a table")
    assert result.error.endswith("run `manage.py migrate`")


def test_a_python_without_the_libraries_says_what_to_run(tmp_path):
    hide_click = tmp_path / "click.py"
    hide_click.write_text("raise ModuleNotFoundError(\"No module named 'click'\")")
    error = python(str(ROOT / "manage.py"), "help", PYTHONPATH=f"{tmp_path}:{ROOT}").error
    assert error == "No module named 'click'; run `make install`, then `.venv/bin/python manage.py`"


def imported_by(*arguments: str, **variables: str) -> set[str]:
    """The top-level packages that a command imports."""
    program = (
        "import sys, json\n"
        "from config.settings import Settings\n"
        "from dovetail.cli.main import main\n"
        "code = main(Settings, sys.argv[1:])\n"
        "print(json.dumps([code, sorted({name.partition('.')[0] for name in sys.modules})]))\n"
    )
    result = python("-c", program, *arguments, **variables)
    code, modules = json.loads(result.stdout.splitlines()[-1])
    assert code == 0, result
    return set(modules)


@pytest.mark.parametrize("arguments", [("help",), ("help", "migrate"), ("help", "runserver")])
def test_help_imports_neither_web_nor_database(arguments):
    unwanted = {"fastapi", "starlette", "sqladmin", "uvicorn", "fastapi_users"}
    unwanted |= set() if len(arguments) == 2 else {"sqlalchemy", "alembic"}
    assert imported_by(*arguments) & unwanted == set()


def test_migrate_imports_nothing_that_only_a_server_needs(tmp_path):
    modules = imported_by("migrate", DATABASE_URL=f"sqlite:///{tmp_path}/site.sqlite3")
    assert "alembic" in modules
    assert modules & {"fastapi", "starlette", "sqladmin", "uvicorn", "fastapi_users", "jinja2", "wtforms"} == set()


def test_commands_for_users_import_nothing_that_only_a_server_needs(tmp_path):
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/site.sqlite3"}
    assert manage("migrate", **database).code == 0
    password = "another long passphrase\n"
    policies = {"fastapi", "starlette"}  # which the history asks what of a written row is a secret
    for arguments, stdin, needed in (
        (("createsuperuser", "--if-none"), "", policies),
        (("changepassword", "admin"), password * 2, policies),
        (("sessions",), "", set()),
        (("purge-expired",), "", set()),
    ):
        modules = imported_by(*arguments, stdin=stdin, **database)
        assert {"sqlalchemy", "aiosqlite"} <= modules
        servers = {"fastapi", "starlette", "sqladmin", "uvicorn", "fastapi_users", "jinja2", "wtforms"}
        assert modules & servers == needed, arguments
