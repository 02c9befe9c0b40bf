"""Find computed columns whose expression differs from that of the model."""

from collections.abc import Iterable, Iterator

from alembic.operations import ops
from sqlalchemy import Column, Connection, MetaData, Table, inspect

from dovetail.migrations.bridge.expressions import are_alike
from dovetail.migrations.bridge.postgresql import probe


def computed_changes(connection: Connection, tables: Iterable[Table]) -> Iterator[ops.ModifyTableOps]:
    """Yield operations that drop and add each column whose expression, or lack of one, is not as its model says.

    Neither database can change what a column computes.
    """
    models = {(table.schema, table.name): table for table in tables}
    inspector = inspect(connection)
    found_columns = [
        found
        for schema in {schema for schema, _ in models}
        for found in inspector.get_multi_columns(
            schema=schema, filter_names=[name for other, name in models if other == schema]
        ).items()
    ]
    for key, columns in found_columns:
        model = models.get(key)
        if model is None or (
            not any("computed" in found for found in columns) and not any(c.computed for c in model.columns)
        ):
            continue
        found = Table(model.name, MetaData(), schema=model.schema, autoload_with=connection)
        for column in model.columns:
            old = found.columns.get(column.name)
            if old is not None and (old.computed or column.computed) and not _alike(connection, old, column):
                yield _made_anew(old, column)


def _alike(connection: Connection, old: Column[object], new: Column[object]) -> bool:
    if old.computed is None or new.computed is None:
        return False
    if new.computed.persisted is not None and new.computed.persisted != old.computed.persisted:
        return False
    wanted = str(new.computed.sqltext.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    if connection.dialect.name == "postgresql":
        return probe.is_kept_computed(connection, old.table, new, wanted)
    return are_alike(str(old.computed.sqltext), wanted)


def _made_anew(old: Column[object], new: Column[object]) -> ops.ModifyTableOps:
    table, schema = new.table.name, new.table.schema
    indexes = [index for index in new.table.indexes if new in index.columns.values()]
    parts: list[ops.MigrateOperation] = [ops.DropIndexOp.from_index(index) for index in indexes]
    parts.append(ops.DropColumnOp.from_column_and_tablename(schema, table, old))
    parts.append(ops.AddColumnOp.from_column_and_tablename(schema, table, new))
    parts += [ops.CreateIndexOp.from_index(index) for index in indexes]
    return ops.ModifyTableOps(table, parts, schema=schema)
