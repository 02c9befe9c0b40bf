"""Commands pay for what they use: a migration run needs no web framework, a server's look at what waits no Alembic."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tests
from dovetail.database.engine.engine import create_engine
from dovetail.migrations.history.pending import unapplied
from dovetail.migrations.run.runner import MigrationRun, Target, migrate
from dovetail.registry import load_registry

REPOSITORY = Path(tests.__file__).parent.parent
WEB = {"fastapi", "starlette", "sqladmin", "uvicorn", "fastapi_users"}
DATABASE = {"sqlalchemy", "aiosqlite", "asyncpg"}

IMPORTED = """
import json, sys
sys.argv = ["manage.py", *{arguments!r}]
from config.settings import Settings
from dovetail.cli.main import main
code = main(Settings)
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})), file=sys.stderr)
sys.exit(code)
"""

PENDING = """
import asyncio, json, sys
from config.settings import Settings
from dovetail.database.engine.engine import create_engine
from dovetail.migrations.history.pending import unapplied
from dovetail.registry import load_registry
from dovetail.settings import load_settings
settings = load_settings(Settings)
print(asyncio.run(unapplied(create_engine(settings, may_create=True), load_registry(settings))))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def imported_by(code: str, folder: Path) -> set[str]:
    environment = {"PATH": "", "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["migrate"], ["showmigrations", "--plan"], ["makemigrations", "--check"]])
def test_migrating_imports_no_web_framework(tmp_path, arguments):
    found = imported_by(IMPORTED.format(arguments=arguments), tmp_path)

    assert "alembic" in found
    assert found & WEB == set()


def test_migrating_sqlite_imports_no_driver_of_asyncio_and_no_orm(tmp_path):
    code = IMPORTED.format(arguments=["migrate"]).replace('name.partition(".")[0] for name', "name for name")

    found = imported_by(code, tmp_path)

    assert "alembic" in found
    assert found & {"aiosqlite", "asyncpg", "sqlalchemy.orm", "sqlalchemy.ext.asyncio"} == set()


def test_listing_and_finding_nothing_to_do_imports_neither_alembic_nor_sqlalchemy(tmp_path):
    imported_by(IMPORTED.format(arguments=["migrate"]), tmp_path)

    for arguments in (["migrate"], ["migrate", "--plan"], ["showmigrations"]):
        found = imported_by(IMPORTED.format(arguments=arguments), tmp_path)
        assert found & {*WEB, *DATABASE, "alembic"} == set()


def test_the_look_at_what_waits_imports_no_alembic(tmp_path):
    assert imported_by(PENDING, tmp_path) & {*WEB, "alembic"} == set()


async def test_what_waits_is_named_in_the_order_of_the_plugins(settings):
    registry = load_registry(settings)
    engine = create_engine(settings)
    try:
        assert await unapplied(engine, registry) == []
        await migrate(MigrationRun(settings, registry, Target(plugin="blog", revision="0002")))
        assert await unapplied(engine, registry) == [
            "blog_0003_ix_blog_post_created_at",
            "blog_0004_indexes",
            "blog_0005_posts_of_an_author",
            "blog_0006_keys_of_hidden_tags",
            "blog_0007_never_reuse_keys",
            "blog_0008_cheaper_words",
            "blog_0009_stored_words",
        ]
    finally:
        await engine.dispose()


async def test_in_an_empty_database_everything_waits(make_settings, empty_database_url):
    settings = make_settings(database_url=empty_database_url)
    engine = create_engine(settings)
    try:
        waiting = await unapplied(engine, load_registry(settings))
    finally:
        await engine.dispose()

    assert waiting[0] == "throttling_0001_initial"
    assert waiting[-1].startswith("comments_")


async def test_it_costs_one_select(settings):
    engine = create_engine(settings)
    statements = []

    from sqlalchemy import event

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _count(_connection, _cursor, statement, *_rest):
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    try:
        await unapplied(engine, load_registry(settings))
        statements.clear()
        await unapplied(engine, load_registry(settings))
    finally:
        await engine.dispose()

    assert len(statements) == 1
