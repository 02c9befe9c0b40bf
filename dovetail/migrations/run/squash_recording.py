"""Let a database name a squash in the place of what it replaces, once it has all of that."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, update

from dovetail.migrations.history.applied import Applied
from dovetail.migrations.history.ledger import LEDGER, write_tips
from dovetail.migrations.history.squashes import Squash, as_squashed


def record_squashes(connection: Connection, rows: Sequence[Applied], squashes: Iterable[Squash]) -> None:
    """Let both tables name each squash of which `rows` has every part, in the place of the parts.

    `connection` must not be in a transaction, and is in none afterwards; the caller has the lock.
    """
    for squash in squashes:
        after = as_squashed(rows, [squash])
        if after == list(rows):
            continue
        old = {row.revision: row for row in rows}
        last = [name for name in old if name in squash.replaces][-1]  # its place in the order is the squash's
        for row in after:
            before = row.revision if row.revision in old else last
            if row != old[before]:
                connection.execute(update(LEDGER).where(LEDGER.c.revision == before).values(_values(row)))
        connection.execute(delete(LEDGER).where(LEDGER.c.revision.in_(squash.replaces)))
        write_tips(connection, after)
        rows = after
    connection.commit()


def _values(row: Applied) -> dict[str, str]:
    return {
        "revision": row.revision,
        "down_revisions": json.dumps(row.down_revisions),
        "depends_on": json.dumps(row.depends_on),
    }
