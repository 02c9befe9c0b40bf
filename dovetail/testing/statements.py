"""How many statements something costs: a list that asks once more for every row is found out by a test."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

import pytest
from sqlalchemy import event

from dovetail.database.unit_of_work import Database

CountStatements: TypeAlias = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def count_statements(database: Database) -> CountStatements:
    """Record the statements that the application sends while a block runs; BEGIN and the like are not among them.

    with count_statements() as statements:
        await client.get("/api/posts")
    assert len(statements) == 2
    """

    @contextmanager
    def count() -> Iterator[list[str]]:
        statements: list[str] = []

        def record(
            _connection: Any,
            _cursor: Any,
            statement: str,
            parameters: Any,
            _context: Any,
            executemany: bool,  # noqa: FBT001 - as above
        ) -> None:
            # On SQLite a transaction begins by a statement, on PostgreSQL by the driver, and with its time limit.
            if not statement.startswith(("BEGIN", "SET LOCAL statement_timeout")):
                # One that is sent with a list of sets of parameters runs as often; VALUES of many rows are one set.
                is_repeated = executemany and isinstance(parameters, list)
                statements.extend([statement] * (len(parameters) if is_repeated else 1))

        engines = {database.engine.sync_engine, database._spare.sync_engine}  # noqa: SLF001 - what runs outside the pool counts
        for engine in engines:
            event.listen(engine, "before_cursor_execute", record)
        try:
            yield statements
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", record)

    return count
