"""Writes the SQL of one revision, as the site's database would be sent it."""

import io
from collections.abc import Callable
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection, event, make_url

from dovetail.database.engine.engine import create_engine
from dovetail.database.engine.urls import database_url
from dovetail.errors import MigrationError
from dovetail.migrations.bridge.impl_shared import expected_warnings_ignored
from dovetail.migrations.history.graph import History, load_history
from dovetail.migrations.history.missing_revisions import MissingRevision
from dovetail.migrations.history.plan import Step, find
from dovetail.migrations.run.execution import context_options
from dovetail.migrations.run.runner import apply_now
from dovetail.registry import Registry, unknown_plugins
from dovetail.settings import Settings


async def statements_of(settings: Settings, registry: Registry, plugin: str, revision: str, *, backwards: bool) -> str:
    """Return the SQL that applies or undoes one revision; nothing is sent to the site's database.

    Raise MigrationError if there is no such revision, or if it cannot be known without running it.
    """
    history = load_history(settings.base_dir, registry)
    if plugin not in registry.installed:
        raise MigrationError(unknown_plugins([plugin], registry))
    script = history.scripts[find(history, plugin, revision)]
    step = Step(plugin=plugin, script=script, forwards=not backwards)
    if database_url(settings).get_backend_name() == "sqlite":
        return await _recorded(settings, history, step)
    return _written(settings, history, step)


def _written(settings: Settings, history: History, step: Step) -> str:
    """Return the SQL as Alembic writes it without a database: PostgreSQL alters tables in place."""
    buffer = io.StringIO()
    options = context_options(history) | {"as_sql": True, "output_buffer": buffer, "literal_binds": True}
    url = make_url(f"{database_url(settings).get_backend_name()}://")
    # With other marks for parameters a % would be doubled.
    context = MigrationContext.configure(url=url, dialect_opts={"paramstyle": "named"}, opts=options)
    try:
        with Operations.context(context):
            _function(step)()
    except Exception as error:
        raise MigrationError(
            f"{step.revision} reads from the database to decide what to do, so its SQL is known only when it runs "
            f"({type(error).__name__}: {error})"
        ) from error
    return buffer.getvalue()


async def _recorded(settings: Settings, history: History, step: Step) -> str:
    """SQLite makes tables anew from what it finds, so the revision is run on a scratch database and listened to."""
    scratch = settings.model_copy(update={"database_url": SecretStr("sqlite+aiosqlite://")})
    engine = create_engine(scratch, may_create=True)
    needed = history.ancestors([step.revision]) - ({step.revision} if step.forwards else set())
    before = [
        Step(plugin=history.plugin_of(name), script=history.scripts[name], forwards=True)
        for name in history.ordered(needed)
    ]
    try:
        async with engine.connect() as connection:
            await connection.run_sync(apply_now, history, before)
            return await connection.run_sync(_listen, history, step)
    finally:
        await engine.dispose()


def _listen(connection: Connection, history: History, step: Step) -> str:
    statements: list[str] = []

    def record_statement(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: object,
        context: object,
        _many: bool,  # noqa: FBT001 - the signature is SQLAlchemy's
    ) -> None:
        if not _only_looks(statement):
            statements.append(_with_values(statement, parameters, context) + ";")

    context = MigrationContext.configure(connection, opts=context_options(history))
    with expected_warnings_ignored(), connection.begin(), Operations.context(context):
        event.listen(connection, "before_cursor_execute", record_statement)
        _function(step)()
        event.remove(connection, "before_cursor_execute", record_statement)
    return "\n\n".join(statements) + "\n" if statements else ""


def _only_looks(statement: str) -> bool:
    words = statement.lstrip().upper()
    return words.startswith("SELECT") or (words.startswith("PRAGMA") and "(" in words)


def _with_values(statement: str, parameters: object, context: Any) -> str:
    compiled = getattr(context, "compiled", None)
    if not parameters or compiled is None:
        return statement.strip()
    literal = compiled.statement.compile(dialect=context.dialect, compile_kwargs={"literal_binds": True})
    return str(literal).strip()


def _function(step: Step) -> Callable[[], None]:
    if isinstance(step.script, MissingRevision):
        raise MigrationError(f"{step.revision} has no file")
    return step.script.module.upgrade if step.forwards else step.script.module.downgrade  # type: ignore[no-any-return]  # a file's own function
