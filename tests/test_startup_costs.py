"""A server and `check` import what they use: held by the names of modules, not by a clock."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tests
from dovetail.server.collector import RARELY

REPOSITORY = Path(tests.__file__).parent.parent
SEEN = "import json, sys; print(json.dumps(sorted(sys.modules)))"
# For JSON web tokens: ten megabytes for a manager that only new accounts and new passwords use.
TOKENS = {"fastapi_users", "jwt", "cryptography"}
FOR_COMMANDS = {"alembic", "mako", "tqdm", "uvicorn", "defusedxml"}
# On SQLite nobody asks PostgreSQL anything, and FastAPI asks for models of pydantic.v1 only where somebody has some.
# No address of an e-mail is checked before somebody sends one.
FOR_OTHERS = {"asyncpg", "pydantic.v1", "email_validator.syntax"}
FOR_REDIS = {"limits", "redis"}
FOR_PASSWORDS = {"pwdlib", "argon2", "bcrypt"}  # of who logs in
FOR_IMPORTS = "dovetail.contrib.admin.importing."  # of files, by editors, now and then
# Pages of the back office are named, and imported by who first asks for one.
FOR_PAGES = {"dovetail.contrib.admin.pages.pages", "dovetail.contrib.admin.entry.login", "dovetail.contrib.admin.tasks"}
FOR_TESTS = {"pytest", "hypothesis", "httpx", "playwright"}
# The frameworks, and what they import by themselves. What comes on top of it is ours to put off.
FRAMEWORKS = {"fastapi", "starlette", "pydantic", "pydantic_core", "pydantic_settings", "sqlalchemy", "sqladmin"}
OF_FRAMEWORKS = {
    *("aiosqlite", "annotated_doc", "annotated_types", "anyio", "click", "dotenv", "email_validator", "greenlet"),
    *("jinja2", "markupsafe", "opentelemetry", "orjson", "python_multipart", "typing_extensions", "typing_inspection"),
    *("babel", "cython_runtime", "wtforms"),
}
OURS = {"config", "dovetail", "plugins", "project"}
FOR_NO_START = TOKENS | FOR_OTHERS | FOR_REDIS | FOR_PASSWORDS | FOR_TESTS


def imported_by(code: str, folder: Path) -> set[str]:
    return set(json.loads(printed_by(f"{code}; {SEEN}", folder)[-1]))


def packages(modules: set[str]) -> set[str]:
    """The packages that do not come with Python, without private helpers of theirs."""
    names = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    return {name for name in names if not name.startswith("_")}


def printed_by(code: str, folder: Path) -> list[str]:
    environment = {
        "PATH": "",
        "PYTHONPATH": str(REPOSITORY),
        "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
        "ENVIRONMENT": "production",
        "SECRET_KEY": "a-secret-for-this-test-only-0123456789",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_a_server_imports_neither_what_commands_use_nor_what_hardly_a_request_does(tmp_path):
    code = """
import asyncio
from config.asgi import app
async def begin_and_end():
    async with app.router.lifespan_context(app):
        pass
asyncio.run(begin_and_end())"""

    found = imported_by(code, tmp_path)

    assert {"fastapi", "sqladmin", "plugins.blog.api", "dovetail.contrib.admin.mounting.routes"} <= found
    assert found & (FOR_NO_START | FOR_COMMANDS | FOR_PAGES) == set()
    assert packages(found) - OURS - FRAMEWORKS - OF_FRAMEWORKS == set()
    assert [name for name in found if name.startswith(FOR_IMPORTS)] == []


def test_a_server_imports_what_speaks_websocket_for_the_first_connection_that_does(tmp_path):
    code = """
import socket, uvicorn
from config.settings import Settings
from dovetail.cli.server.serving import Listener, serve
from dovetail.settings import load_settings
uvicorn.Server.run = lambda server, sockets=None: server.config.load()
serve(load_settings(Settings), None, Listener(socket.socket()), reload=False, workers=1)"""

    found = imported_by(code, tmp_path)

    assert {"uvicorn.protocols.http.httptools_impl", "plugins.blog.api"} <= found
    assert found & {"websockets", "wsproto"} == set()


def test_a_server_that_starts_looks_for_migrations_on_sqlite_without_asyncpg_and_alembic(tmp_path):
    code = (
        "from config.settings import Settings; from dovetail.cli.state import State; "
        "from dovetail.cli.checks.database_checks import warn_about_database; "
        "warn_about_database(State(Settings))"
    )

    found = imported_by(code, tmp_path)

    assert {"dovetail.migrations.history.pending", "dovetail.cli.checks.database_checks"} <= found
    assert found & (FOR_NO_START | FOR_COMMANDS) == set()


def test_check_imports_what_it_looks_at_and_nothing_that_makes_migrations(tmp_path):
    code = "from config.settings import Settings; from dovetail.cli.main import main; main(Settings, ['check'])"

    found = imported_by(code, tmp_path)

    assert {"fastapi", "sqladmin", "alembic.script"} <= found
    others = {"dovetail.migrations.make.maker", "uvicorn", "tqdm", "pygments"}
    assert found & (FOR_NO_START | FOR_PAGES | others) == set()


@pytest.mark.parametrize("command", ["migrate", "sqlmigrate blog 0001", "makemigrations --check"])
def test_a_command_that_uses_alembic_does_without_pygments(command, tmp_path):
    code = (
        f"from config.settings import Settings; from dovetail.cli.main import main; main(Settings, {command.split()!r})"
    )

    found = imported_by(code, tmp_path)

    assert "alembic.script" in found
    assert "pygments" not in found


def test_alembic_can_show_an_error_in_a_template_whose_exceptions_were_put_off(tmp_path):
    code = """
import sys
import dovetail.migrations.bridge.deferred_mako
from alembic.util import pyfiles
print("pygments" in sys.modules)
try:
    raise ValueError("no such name")
except ValueError:
    print(pyfiles.exceptions.text_error_template().render_unicode().strip())
"""

    lines = printed_by(code, tmp_path)

    assert lines[0] == "False"
    assert lines[-1] == "ValueError: no such name"


def test_what_checks_addresses_is_loaded_by_the_first_address_and_complete(tmp_path):
    code = """
import sys
import config.asgi
from dovetail.contrib.auth.users import normalize_email
from pydantic import EmailStr, TypeAdapter
addresses = TypeAdapter(EmailStr)
print("email_validator.syntax" in sys.modules)
print(addresses.validate_python("Ann@EXAMPLE.org"), normalize_email("Ann@EXAMPLE.org"))
import email_validator
print(email_validator.EmailNotValidError.__name__, email_validator.__version__[:2], hasattr(email_validator, "nothing"))
"""

    assert printed_by(code, tmp_path) == [
        "False",
        "Ann@example.org ann@example.org",
        "EmailNotValidError 2. False",
    ]


def test_a_server_makes_no_validators_of_openapi_models_before_a_document_is_asked_for(tmp_path):
    code = (
        "import config.asgi; from fastapi.openapi import models; from pydantic import BaseModel; "
        "made = lambda: sorted(name for name, one in vars(models).items() if isinstance(one, type) "
        "and issubclass(one, BaseModel) and one is not BaseModel and one.__pydantic_complete__); "
        "print(*made()); config.asgi.app.openapi(); print({'OpenAPI'} <= {*made()}); "
        "print(BaseModel.model_config, models.OpenAPI.model_config); models.Operation.model_rebuild(); "
        "print(models.Operation.__pydantic_complete__)"
    )

    assert printed_by(code, tmp_path) == [
        "OAuth2 OAuthFlows",  # a scheme that endpoints depend on has them
        "True",
        "{} {'defer_build': True, 'extra': 'allow'}",
        "True",
    ]


def test_the_collector_rests_while_a_site_is_looked_over_and_does_not_look_through_all_of_it_at_the_end(tmp_path):
    code = (
        "import atexit, gc, runpy, sys; "
        "seen = []; gc.callbacks.append(lambda phase, info: seen.append(len(gc.get_objects(info['generation'])))); "
        "told = lambda: print(len(seen), max(seen), gc.get_freeze_count(), *gc.get_threshold()); "
        "atexit.register(told); "  # runs last
        "sys.argv = ['manage.py', 'check']; "
        "runpy.run_path('manage.py', run_name='__main__')"
    )

    collections, largest, frozen, *threshold = map(int, printed_by(code, tmp_path)[-1].split())

    assert collections < 40  # of many hundreds; an event each for its start and its end
    assert largest < 30_000, "it looked through what was imported"
    assert frozen > 100_000
    assert tuple(threshold) == RARELY, "it goes on to rest while the command works"
    assert RARELY[0] <= 10_000, "a server answers nobody while more garbage is freed at once"


def test_a_server_in_a_process_of_its_own_begins_work_too(tmp_path):
    code = (
        "import gc; from dovetail.server.collector import defer_collection; defer_collection(); "  # as manage.py does
        "import uvicorn; from dovetail.server.worker import GracefulServer; "
        "uvicorn.Server.run = lambda server, sockets=None: print(gc.isenabled(), *gc.get_threshold()); "
        "GracefulServer(uvicorn.Config(None), is_alone=False).run()"
    )

    assert printed_by(code, tmp_path) == [f"True {' '.join(map(str, RARELY))}"]


def test_an_application_among_others_can_become_garbage(tmp_path):
    code = (
        "import gc, weakref; from config.settings import Settings; from dovetail.settings import load_settings; "
        "from dovetail.application import make_application; app = make_application(load_settings(Settings)); "
        "known = weakref.ref(app); del app; gc.collect(); print(known(), gc.isenabled(), gc.get_freeze_count())"
    )

    assert printed_by(code, tmp_path) == ["None True 0"]
