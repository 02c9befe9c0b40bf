"""Made-up rows for models that nobody thought of: those of a new plugin enter the matrix by themselves."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Column, Enum, TypeDecorator, func, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

ROWS = 2
NOW = datetime(2026, 5, 6, tzinfo=UTC)
VALUES: dict[type, Callable[[int], object]] = {
    str: lambda number: f"text {number}",
    int: lambda number: number,
    float: float,
    bool: lambda number: False,
    datetime: lambda number: NOW + timedelta(days=number),
    date: lambda number: NOW.date(),
    timedelta: lambda number: timedelta(seconds=number),
    Decimal: Decimal,
    UUID: lambda number: UUID(int=number),
    bytes: lambda number: bytes([number]),
    dict: lambda number: {},
    list: lambda number: [],
}


async def fill(session: AsyncSession, model: type[object]) -> None:
    """Insert rows of a model, unless there are some; what they refer to has to be there."""
    if await session.scalar(select(func.count()).select_from(model)):
        return
    for number in range(1, ROWS + 1):
        values = {}
        for attribute in inspect(model).column_attrs:
            column = attribute.columns[0]
            if isinstance(column, Column) and not column.nullable and column.server_default is None:
                values[attribute.key] = await _value(session, column, number)
        await session.execute(insert(model).values(values))


async def _value(session: AsyncSession, column: Column[object], number: int) -> object:
    for key in column.foreign_keys:
        return await session.scalar(select(key.column).order_by(key.column).offset(number - 1).limit(1))
    if isinstance(column.type, Enum):
        return next(iter(column.type.enum_class)) if column.type.enum_class else column.type.enums[0]
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    assert kind.python_type in VALUES, f"{column} holds {kind.python_type}: say in VALUES what one may be"
    return VALUES[kind.python_type](number)
