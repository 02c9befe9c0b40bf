"""`dbshell` starts the database's own command line, and shows nobody the password."""

import os
import sys
from pathlib import Path

import pytest

from tests.running import manage

TELL = f"""#!{sys.executable}
import os, sys
print(sys.argv[1:], {{name: value for name, value in os.environ.items() if name.startswith("PG")}})
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where programs called psql and sqlite3 say how they were started."""
    for name in ("psql", "sqlite3"):
        (tmp_path / name).write_text(TELL)
        (tmp_path / name).chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


def test_psql_hears_where_to_go_from_its_environment_only(path):
    url = "postgresql://ada:p%40ss@db.example:5433/shop?sslmode=require"
    result = manage("dbshell", "--", "-c", "SELECT 1", DATABASE_URL=url, PATH=path)
    there = {"PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "ada", "PGPASSWORD": "p@ss", "PGDATABASE": "shop"}
    assert result.stdout == f"{['-c', 'SELECT 1']} {there | {'PGSSLMODE': 'require'}}\n"


def test_psql_finds_a_socket(path):
    result = manage("dbshell", DATABASE_URL="postgresql:///shop?host=/run/postgresql", PATH=path)
    assert result.stdout == f"[] { ({'PGHOST': '/run/postgresql', 'PGDATABASE': 'shop'}) }\n"


def test_sqlite3_opens_the_file(path, tmp_path):
    result = manage("dbshell", ".tables", DATABASE_URL=f"sqlite:///{tmp_path}/shop.sqlite3", PATH=path)
    assert result.stdout == f"{[f'{tmp_path}/shop.sqlite3', '.tables']} {{}}\n"


@pytest.mark.parametrize(
    ("url", "why"),
    [("postgresql://ada:hidden@db/shop", "psql is not installed, or not on the PATH"), ("sqlite://", "sqlite3 is not")],
)
def test_a_program_that_is_missing_is_one_line(tmp_path, url, why):
    error = manage("dbshell", DATABASE_URL=url, PATH=str(tmp_path)).error
    assert error.startswith(why)
    assert "hidden" not in error


def test_a_database_in_memory_is_refused(path):
    assert manage("dbshell", DATABASE_URL="sqlite:///:memory:", PATH=path).error.startswith("a database in memory")
