"""Write the permissions of all plugins to the database: `Plugin.after_migrate` of auth.

The tables are named here without their models: a migration of SQLite does without the ORM, which takes long to import.
"""

from sqlalchemy import Connection, column, delete, insert, select, table, update

from dovetail.contrib.auth.permissions.declared import Declared, wanted
from dovetail.plugin import Migrated

PERMISSIONS = table("auth_permission", column("name"), column("plugin"), column("title"))
GRANTS = tuple(table(name, column("permission_name")) for name in ("auth_group_permission", "auth_user_permission"))


def store_permissions(connection: Connection, migrated: Migrated) -> None:
    """Insert the permissions that are new, and delete those that are gone together with what was granted of them."""
    columns = PERMISSIONS.c.name, PERMISSIONS.c.plugin, PERMISSIONS.c.title
    stored = {row.name: Declared(*row) for row in connection.execute(select(*columns))}
    rows = {one.name: one for one in wanted(list(stored.values()), migrated)}
    gone = sorted(stored.keys() - rows.keys())
    if gone:
        # Not left to the database's cascades: SQLite looks at no foreign key while it migrates.
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
