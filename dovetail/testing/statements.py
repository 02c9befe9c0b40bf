"""Count the SQL statements that something costs, so that a test finds a list that asks once more for every row."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

import pytest
from sqlalchemy import event

from dovetail.database.unit_of_work import Database

# On SQLite a transaction begins by a statement, on PostgreSQL by the driver, and with its time limit. A writer that has
# waited tells SQLite how long it may wait yet: whether it does depends on how busy the machine is, not on the code.
UNCOUNTED = ("BEGIN", "SET LOCAL statement_timeout", "PRAGMA busy_timeout=")
CountStatements: TypeAlias = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def count_statements(database: Database) -> CountStatements:
    """Record the statements that the application sends while a block runs; BEGIN and the like are not among them.

    with count_statements() as statements:
        await client.get("/api/posts")
    assert len(statements) == 2
    """

    return lambda: counted_statements(database)


@contextmanager
def counted_statements(database: Database) -> Iterator[list[str]]:
    """Yield a list to which each statement is added that is sent to `database` while the block runs."""
    statements: list[str] = []

    def record(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: object,
        context: object,
        executemany: bool,  # noqa: FBT001 - the signature is SQLAlchemy's
    ) -> None:
        beside = getattr(context, "execution_options", {}).get("beside_requests", False)  # a moment after some request
        if not beside and not statement.startswith(UNCOUNTED):
            # One that is sent with a list of sets of parameters runs as often; VALUES of many rows are one set.
            times = len(parameters) if executemany and isinstance(parameters, list) else 1
            statements.extend([statement] * times)

    engines = {database.engine.sync_engine, database._spare.sync_engine}  # noqa: SLF001 - what runs outside the pool counts
    for engine in engines:
        event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", record)
