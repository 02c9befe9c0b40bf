"""A server and `check` import what they use: held by the names of modules, not by a clock."""

import json
import subprocess
import sys
from pathlib import Path

import tests

REPOSITORY = Path(tests.__file__).parent.parent
SEEN = "import json, sys; print(json.dumps(sorted(sys.modules)))"
# For JSON web tokens: ten megabytes for a manager that only new accounts and new passwords use.
TOKENS = {"fastapi_users", "jwt", "cryptography"}
FOR_COMMANDS = {"alembic", "mako", "tqdm", "uvicorn", "defusedxml"}
FOR_TESTS = {"pytest", "hypothesis", "httpx", "playwright"}


def imported_by(code: str, folder: Path) -> set[str]:
    environment = {
        "PATH": "",
        "PYTHONPATH": str(REPOSITORY),
        "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
        "ENVIRONMENT": "production",
        "SECRET_KEY": "a-secret-for-this-test-only-0123456789",
    }
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {SEEN}"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_a_server_imports_neither_what_commands_use_nor_what_hardly_a_request_does(tmp_path):
    found = imported_by("import config.asgi", tmp_path)

    assert {"fastapi", "sqladmin", "plugins.blog.api"} <= found
    assert found & (TOKENS | FOR_COMMANDS | FOR_TESTS) == set()


def test_check_imports_what_it_looks_at_and_nothing_that_makes_migrations(tmp_path):
    code = "from config.settings import Settings; from project.cli.main import main; main(Settings, ['check'])"

    found = imported_by(code, tmp_path)

    assert {"fastapi", "sqladmin", "alembic.script"} <= found
    assert found & (TOKENS | FOR_TESTS | {"project.migrations.maker", "uvicorn"}) == set()
