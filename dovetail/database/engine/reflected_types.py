"""Types that SQLAlchemy writes into a table, and does not know when it reads them back.

SQLAlchemy takes BINARY(20) on SQLite for NUMERIC(20), so that makemigrations would see a change in every run and a
table that is made anew would lose its type; PostgreSQL's jsonpath it leaves out with a warning.
"""

from collections.abc import Mapping

from sqlalchemy import BINARY, CLOB, DOUBLE_PRECISION, UUID, VARBINARY, Engine
from sqlalchemy.dialects.postgresql import JSONPATH

# As the databases name them.
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
    """Let every type that a migration can write be read back as what it is."""
    dialect = engine.dialect
    dialect.ischema_names = {**UNKNOWN[dialect.name], **dialect.ischema_names}  # type: ignore[attr-defined]  # of every dialect that reflects
