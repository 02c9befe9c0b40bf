"""Types that SQLAlchemy can create in a table but does not recognize when it reflects the table.

It reads BINARY(20) on SQLite as NUMERIC(20), so that makemigrations would find a change in every run, and a rebuilt
table would lose the type. PostgreSQL's jsonpath it skips with a warning.
"""

from collections.abc import Mapping

from sqlalchemy import BINARY, CLOB, DOUBLE_PRECISION, UUID, VARBINARY, Engine
from sqlalchemy.dialects.postgresql import JSONPATH

# By dialect and by the database's name of the type.
UNKNOWN: Mapping[str, Mapping[str, type[object]]] = {
    "sqlite": {
        "BINARY": BINARY,
        "CLOB": CLOB,
        "DOUBLE PRECISION": DOUBLE_PRECISION,
        "UUID": UUID,
        "VARBINARY": VARBINARY,
    },
    "postgresql": {"jsonpath": JSONPATH},
}


def reflect_all_types(engine: Engine) -> None:
    """Make reflection recognize every type that a migration can create."""
    dialect = engine.dialect
    dialect.ischema_names = {**UNKNOWN[dialect.name], **dialect.ischema_names}  # type: ignore[attr-defined]  # of every dialect that reflects
