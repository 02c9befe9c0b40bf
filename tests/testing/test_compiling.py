import json
from secrets import token_hex

from sqlalchemy import event, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.sql import Select

from dovetail.database.engine.engine import create_engine
from dovetail.database.engine.urls import database_url


async def test_a_statement_is_compiled_once_for_engines_that_compile_alike_and_again_for_others(settings):
    url, statement = database_url(settings), select(literal(1).label(f"one_{token_hex(8)}"))
    assert not await found_compiled(create_engine(settings), statement)
    assert await found_compiled(create_engine(settings), statement)
    assert not await found_compiled(create_async_engine(url), statement), "its types are others"
    assert await found_compiled(create_async_engine(url), statement)
    assert not await found_compiled(create_async_engine(url, json_serializer=json.dumps), statement)
    assert not await found_compiled(create_async_engine(url, label_length=9), statement)


async def test_an_engine_without_a_cache_compiles_each_time(settings):
    statement = select(literal(1).label(f"one_{token_hex(8)}"))
    assert not await found_compiled(create_engine(settings, query_cache_size=0), statement)
    assert not await found_compiled(create_engine(settings, query_cache_size=0), statement)


async def found_compiled(engine: AsyncEngine, statement: Select[tuple[int]]) -> bool:
    """Run a statement, and return whether it was found in the cache."""
    found: list[bool] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _note(_connection, _cursor, sql, _parameters, context, _many):
        if "one_" in sql or "AS one" in sql:
            found.append(context.cache_hit is context.dialect.CACHE_HIT)

    async with engine.connect() as connection:
        await connection.execute(statement)
    await engine.dispose()
    return found[-1]
