"""Store the permissions of all plugins in the database: the `Plugin.after_migrate` of auth.

The tables are declared without their models, so that migrations on SQLite need not import the ORM.
"""

from sqlalchemy import Connection, column, delete, insert, select, table, update

from dovetail.contrib.auth.permissions.declared import Declared, expected_permissions
from dovetail.plugin import Migrated

PERMISSIONS = table("auth_permission", column("name"), column("plugin"), column("title"))
GRANTS = tuple(table(name, column("permission_name")) for name in ("auth_group_permission", "auth_user_permission"))


def store_permissions(connection: Connection, migrated: Migrated) -> None:
    """Insert new permissions, update titles, and delete permissions that are gone, with all grants of them."""
    columns = PERMISSIONS.c.name, PERMISSIONS.c.plugin, PERMISSIONS.c.title
    stored = {row.name: Declared(*row) for row in connection.execute(select(*columns))}
    rows = {one.name: one for one in expected_permissions(list(stored.values()), migrated)}
    gone = sorted(stored.keys() - rows.keys())
    if gone:
        # Explicitly, without cascades: SQLite's foreign keys are off during migrations.
        for links in GRANTS:
            connection.execute(delete(links).where(links.c.permission_name.in_(gone)))
        connection.execute(delete(PERMISSIONS).where(PERMISSIONS.c.name.in_(gone)))
    new = [vars(rows[name]) for name in rows if name not in stored]
    if new:
        connection.execute(insert(PERMISSIONS), new)
    for one in rows.values():
        if one.name in stored and stored[one.name] != one:
            connection.execute(
                update(PERMISSIONS).where(PERMISSIONS.c.name == one.name).values(plugin=one.plugin, title=one.title)
            )
