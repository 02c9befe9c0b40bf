"""Write a world into a database."""

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dovetail.contrib.auth.models import Group, User, groups_permissions, users_groups, users_permissions
from tests.contract.worlds.models import Folder, Label, Note, note_labels
from tests.contract.worlds.rules import NoteRow, Row
from tests.contract.worlds.world import GROUPS, PEOPLE, World


async def fill(connection: AsyncConnection, world: World) -> None:
    """Insert the people and the rows of a world."""
    names = [
        {
            "id": key,
            "username": f"user{key}",
            "email": f"user{key}@example.org",
            "hashed_password": "!",
            "is_staff": key in world.staff,
            "is_superuser": key == PEOPLE[-1],
        }
        for key in PEOPLE
    ]
    await connection.execute(insert(User), names)
    await connection.execute(insert(Group), [{"id": key, "name": f"group {key}"} for key in GROUPS])
    links: dict[Table, list[dict[str, object]]] = {
        users_permissions: [{"user_id": u, "permission_name": p} for u, held in world.own.items() for p in held],
        groups_permissions: [
            {"group_id": g, "permission_name": p} for g, held in world.of_groups.items() for p in held
        ],
        users_groups: [{"user_id": u, "group_id": g} for u, groups in world.groups.items() for g in groups],
    }
    for table, rows in links.items():
        if rows:
            await connection.execute(insert(table), rows)
    await connection.execute(insert(Folder), [values_of(folder) for folder in world.folders])
    await connection.execute(insert(Label), [values_of(label) for label in world.labels])
    await connection.execute(insert(Note), [values_of(note) for note in world.notes])
    labelled = [{"note_id": note.id, "label_id": label.id} for note in world.notes for label in note.labels]
    if labelled:
        await connection.execute(insert(note_labels), labelled)


def values_of(row: Row) -> dict[str, object]:
    """Return the columns of a row."""
    if not isinstance(row, NoteRow):
        return dict(vars(row))
    columns = {name: value for name, value in vars(row).items() if name not in ("folder", "labels")}
    return columns | {"folder_id": None if row.folder is None else row.folder.id}
