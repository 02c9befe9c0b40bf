"""Read from an error of a driver which CHECK or EXCLUDE a row breaks; nothing else of it is for others to see.

SQLite has one text for both a name and, where a check has none, its SQL.
"""

import re

from dovetail.database.drivers.lost_connections import code_of

# https://www.postgresql.org/docs/current/errcodes-appendix.html, https://www.sqlite.org/rescode.html
CODES = ("23514", "23P01", "SQLITE_CONSTRAINT_CHECK")
_NAME = re.compile(r"CHECK constraint failed: (.*)", re.DOTALL)


def breaks_a_rule(error: object) -> bool:
    """Return True if a CHECK or an EXCLUDE has refused a row."""
    return code_of(error) in CODES


def broken_rule(error: object) -> str | None:
    """Return what the database calls the rule that a row breaks: a name, or the SQL of an unnamed check of SQLite."""
    named = getattr(getattr(error, "__cause__", None), "constraint_name", None)  # asyncpg's
    if named is not None:
        return str(named)
    found = _NAME.search(str(error))
    return found[1] if found else None
