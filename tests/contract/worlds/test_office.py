"""The back office shows and opens in random worlds what the rules say in plain words, to staff with the permission."""

import re
from random import Random

from httpx import AsyncClient

from tests.contract.worlds.conftest import Site
from tests.contract.worlds.rules import NoteRow, Person
from tests.contract.worlds.world import World

URL = "/admin/worlds/note"
ASKED_FOR = 2  # notes whose pages each person opens, drawn by lot
VIEW, CHANGE, DELETE = (
    {f"worlds.{verb}_note" for verb in verbs} for verbs in (("view", "change"), ("change",), ("delete",))
)


async def test_the_back_office_opens_what_the_rules_say_to_staff_with_the_permission(site: Site, seeds: range) -> None:
    for seed in seeds:
        world, random = await site.enter(seed), Random(seed)
        for person in world.people:
            if person is None:
                continue
            desk, where = site.desks[person.id], (seed, person, world.told(), world.fields)
            seen = [note for note in world.notes if world.may(person, "view", note)] if _enters(person, VIEW) else []
            listed = await desk.get(f"{URL}/")
            assert listed.status_code in ([200] if _enters(person, VIEW) and seen else [200, 303, 403]), where
            assert _listed(listed.text) == {note.id for note in seen}, where
            for note in random.sample(world.notes, ASKED_FOR):
                await _check_pages(desk, world, person, note)


def _listed(html: str) -> set[int]:
    """Return the keys of the rows of a list: each has a link to its page, or a box to select it."""
    found = re.findall(rf'{URL}/([0-9]+)/|name="pks" value="([0-9]+)"', html)
    return {int(one or other) for one, other in found}


async def _check_pages(desk: AsyncClient, world: World, person: Person, note: NoteRow) -> None:
    where = (note.id, world.seed, person, world.told(), world.fields)
    sees = _enters(person, VIEW) and world.may(person, "view", note)
    details = await desk.get(f"{URL}/{note.id}/")
    assert (details.status_code == 200) == sees, (details.status_code, where)
    if sees:
        hidden = world.fields["hidden"].spoken(person)
        folder = note.folder
        shows = folder is not None and "folder" not in hidden and _shows(world, person, folder.id)
        assert (folder is not None and f">{folder.name}<" in _flat(details.text)) == shows, where
    edit = await desk.get(f"{URL}/{note.id}/change/")
    opens = _enters(person, CHANGE) and world.may(person, "view", note) and world.may(person, "change", note)
    assert (edit.status_code == 200) == opens, (edit.status_code, where)
    delete = await desk.get(f"{URL}/{note.id}/delete/")
    opens = _enters(person, DELETE) and world.may(person, "view", note) and world.may(person, "delete", note)
    assert (delete.status_code == 200 and f'value="{note.id}"' in delete.text) == opens, (delete.status_code, where)


def _shows(world: World, person: Person, folder_id: int) -> bool:
    """Return True if a label of a folder may be shown: its view lists it, and so does its rule."""
    folder = next(one for one in world.folders if one.id == folder_id)
    return _enters(person, {"worlds.view_folder", "worlds.change_folder"}) and world.may(person, "view", folder)


def _flat(html: str) -> str:
    return re.sub(r"\s*(<|>)\s*", r"\1", html)


def _enters(person: Person, permissions: set[str]) -> bool:
    return person.is_staff and (person.is_superuser or bool(permissions & person.permissions))
