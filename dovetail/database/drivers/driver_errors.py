"""asyncpg's errors, for a process that may have no use for asyncpg: on SQLite nobody imports it."""

import sys


def driver_errors(*names: str) -> tuple[type[BaseException], ...]:
    """asyncpg's classes of errors of these names; none if nobody has imported it, for then nobody has raised one."""
    asyncpg = sys.modules.get("asyncpg")
    return () if asyncpg is None else tuple(getattr(asyncpg, name) for name in names)
