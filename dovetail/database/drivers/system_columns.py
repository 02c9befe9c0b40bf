"""`xmin`, a column that every table of PostgreSQL has: the number of the transaction that has written a row.

    xmin: Mapped[int] = mapped_column(system=True, server_default=FetchedValue())
    __mapper_args__ = {"version_id_col": xmin, "version_id_generator": False}

Whatever type a model gives it, it is compared as what it is: as a text asyncpg would not take it, and as an Integer not
from 2**31 on.
"""

from sqlalchemy import Table
from sqlalchemy.types import UserDefinedType

ROW_VERSION = "xmin"


class TransactionNumber(UserDefinedType[int]):
    """PostgreSQL's `xid`, a number without a sign and without an order."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Return the name of the type in SQL."""
        return "xid"


def type_system_columns(table: Table) -> None:
    """Give the column `xmin` of a table, where a model names it, the type that it has in PostgreSQL."""
    column = table.columns.get(ROW_VERSION)
    if column is not None and column.system:
        column.type = TransactionNumber()
