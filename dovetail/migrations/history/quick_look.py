"""What an SQLite file says is applied, asked with Python's own driver.

Listing migrations, or finding that none waits, takes less time than importing SQLAlchemy.
"""

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from dovetail.migrations.history.applied import Applied
from dovetail.settings import Settings

_FILE = re.compile(r"sqlite\+aiosqlite:///([^?#:]+)")  # no database in memory, and no options
_ROWS = "SELECT revision, plugin, down_revisions, depends_on, applied_at FROM dovetail_migration ORDER BY id"
_TIPS = "SELECT version_num FROM alembic_version"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The ledger, and the tips of the graph as Alembic keeps them."""

    rows: Sequence[Applied]
    tips: frozenset[str]


def look(settings: Settings) -> Seen | None:
    """Read both tables; None if that takes more than a look: PostgreSQL, a file that is missing, new, or in trouble."""
    found = _FILE.fullmatch(settings.database_url.get_secret_value())
    path = (settings.base_dir / found[1]).resolve() if found else None
    if path is None or not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            rows = [_applied(*row) for row in connection.execute(_ROWS)]
            return Seen(rows=rows, tips=frozenset(tip for (tip,) in connection.execute(_TIPS)))
    except sqlite3.Error:
        return None  # SQLAlchemy asks again, and whoever called says what is wrong


def _applied(revision: str, plugin: str, down_revisions: str, depends_on: str, applied_at: str) -> Applied:
    return Applied(
        revision=revision,
        plugin=plugin,
        down_revisions=tuple(json.loads(down_revisions)),
        depends_on=tuple(json.loads(depends_on)),
        applied_at=datetime.fromisoformat(applied_at),
    )
