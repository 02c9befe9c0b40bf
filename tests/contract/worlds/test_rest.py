"""REST answers in random worlds what the rules say in plain words: rows, fields, relations, counts, filters, writes."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from httpx import AsyncClient
from sqlalchemy import select

from tests.contract.worlds.conftest import Site
from tests.contract.worlds.models import Note
from tests.contract.worlds.policies import Current
from tests.contract.worlds.rules import NoteRow, Person
from tests.contract.worlds.world import PEOPLE, World

URL = "/api/worlds/notes"
WRITES = 8  # in each world
ASKED_FOR, QUERIES = 2, 4  # of each person, drawn by lot: more worlds find more than more requests to one


async def test_everybody_is_shown_what_the_rules_say(site: Site, seeds: range) -> None:
    for seed in seeds:
        world, random = await site.enter(seed), Random(seed)
        for person in world.people:
            client, where = site.client(person), (seed, person, world.told(), world.fields)
            seen = [note for note in world.notes if world.may(person, "view", note)]
            answer = await client.get(f"{URL}?count=true")
            if answer.status_code == _closed(person) and not seen:
                continue
            assert answer.status_code == 200, (answer.text, where)
            assert answer.json()["items"] == [_shown(world, person, note) for note in seen], where
            assert answer.json()["total"] == len(seen), where
            for note in random.sample(world.notes, ASKED_FOR):
                answer = await client.get(f"{URL}/{note.id}")
                assert answer.status_code == (200 if note in seen else 404), (note, where)
            for query, found, is_barred in random.sample(_queries(world, person, seen), QUERIES):
                await _check(client, query, found, is_barred=is_barred)


def _closed(person: Person | None) -> int:
    """Return the status for somebody whom a rule shows no row whatever there is: they are told that it is closed."""
    return 401 if person is None else 403


def _queries(world: World, person: Person | None, seen: list[NoteRow]) -> list[tuple[str, list[int], bool]]:
    """Return filters, orders and searches, each with the keys that it finds and whether it asks what is hidden."""
    hidden = world.fields["hidden"].spoken(person)
    by_score = sorted(seen, key=lambda note: (note.score, note.id))
    in_folder = [note.id for note in seen if note.folder is not None and world.may(person, "view", note.folder)]
    queries = [
        ("ordering=score", [note.id for note in by_score], "score" in hidden),
        ("score__gte=2", [note.id for note in seen if note.score >= 2], "score" in hidden),
        ("search=folder", [] if "folder" in hidden else in_folder, False),
    ]
    for folder in world.folders:
        found = [note.id for note in seen if note.folder is folder and world.may(person, "view", folder)]
        queries.append((f"folder__name={folder.name}", found, "folder" in hidden))
    for label in world.labels:
        found = [note.id for note in seen if label in note.labels and world.may(person, "view", label)]
        queries.append((f"labels__name={label.name}", found, "labels" in hidden))
    return queries


async def _check(client: AsyncClient, query: str, found: list[int], *, is_barred: bool) -> None:
    answer = await client.get(f"{URL}?{query}")
    if is_barred:
        assert answer.status_code == 422, (query, answer.text)
    else:
        where = (query, Current.world.seed, Current.world.told(), client.headers.get("authorization"))
        assert answer.status_code == 200, (answer.text, where)
        assert [item["id"] for item in answer.json()["items"]] == found, where


def _shown(world: World, person: Person | None, note: NoteRow) -> dict[str, Any]:
    """Return what somebody is shown of a note."""
    folder = note.folder if note.folder is not None and world.may(person, "view", note.folder) else None
    whole = {
        "id": note.id,
        "title": note.title,
        "score": note.score,
        "owner_id": note.owner_id,
        "is_open": note.is_open,
        "folder": None if folder is None else {"id": folder.id, "name": folder.name},
        "labels": [{"id": label.id, "name": label.name} for label in note.labels if world.may(person, "view", label)],
    }
    return {name: value for name, value in whole.items() if name not in world.fields["hidden"].spoken(person)}


async def test_everybody_may_write_what_the_rules_say(site: Site, seeds: range) -> None:
    for seed in seeds:
        world, random = await site.enter(seed), Random(seed)
        for _ in range(WRITES):
            person = random.choice(world.people)
            write = random.choice([_change, _change, _delete, _add])
            await write(site.client(person), world, person, random)
            assert await _stored(site) == [_columns(note) for note in sorted(world.notes, key=lambda note: note.id)]


async def _change(client: AsyncClient, world: World, person: Person | None, random: Random) -> None:
    if not world.notes:
        return
    note = random.choice(world.notes)
    body = _body(world, random)
    after = _with(world, note, body)
    answer = await client.patch(f"{URL}/{note.id}", json=body)
    wanted = _refusals(world, person, note, "change", body)
    if person is not None:
        wanted += _of_row(world, person, "change", after)
    assert answer.status_code in (wanted or [200]), (answer.text, person, note, body, world.seed, world.told())
    if not wanted:
        world.notes[world.notes.index(note)] = after


async def _delete(client: AsyncClient, world: World, person: Person | None, random: Random) -> None:
    if not world.notes:
        return
    note = random.choice(world.notes)
    answer = await client.delete(f"{URL}/{note.id}")
    wanted = _refusals(world, person, note, "delete", {})
    assert answer.status_code in (wanted or [204]), (answer.text, person, note, world.seed, world.told())
    if not wanted:
        world.notes.remove(note)


async def _add(client: AsyncClient, world: World, person: Person | None, random: Random) -> None:
    body = {"owner_id": random.choice(PEOPLE)} | _body(world, random)
    made = _with(world, NoteRow(0, 0, False, "new", 0, None), body)
    answer = await client.post(URL, json=body)
    wanted = [401] if person is None else _of_fields(world, person, body) + _of_row(world, person, "add", made)
    assert answer.status_code in (wanted or [201]), (answer.text, person, body, world.seed, world.told())
    if not wanted:
        made.id = int(answer.headers["location"].rpartition("/")[2])
        world.notes.append(made)


def _refusals(world: World, person: Person | None, note: NoteRow, action: str, body: Mapping[str, Any]) -> list[int]:
    """Return the statuses by which a write of a row may be refused; none if it is not."""
    if person is None:
        return [401]
    if not world.may(person, "view", note):
        return [404, 403]  # 403: to somebody who sees none whatever there is
    refused = [] if world.may(person, action, note) else [403]
    return refused + _of_fields(world, person, body)


def _of_row(world: World, person: Person, action: str, after: NoteRow) -> list[int]:
    return [] if world.may(person, action, after) else [403]


def _of_fields(world: World, person: Person, body: Mapping[str, Any]) -> list[int]:
    refused = [403] if world.fields["read_only"].spoken(person) & body.keys() else []
    folder = next((one for one in world.folders if one.id == body.get("folder_id")), None)
    if folder is not None and not world.may(person, "view", folder):
        refused.append(409)  # as of a key that there is not
    return refused


def _body(world: World, random: Random) -> dict[str, Any]:
    values = {
        "title": f"changed {random.randint(0, 99)}",
        "score": random.randint(0, 3),
        "owner_id": random.choice(PEOPLE),
        "is_open": random.random() < 0.5,
        "folder_id": random.choice([None, *(folder.id for folder in world.folders)]),
    }
    return {name: value for name, value in values.items() if random.random() < 0.4} or {"title": "same"}


def _with(world: World, note: NoteRow, body: Mapping[str, Any]) -> NoteRow:
    """Return the note as it is after a write."""
    values = {name: value for name, value in body.items() if name != "folder_id"}
    after = replace(note, **values)
    if "folder_id" in body:
        after.folder = next((one for one in world.folders if one.id == body["folder_id"]), None)
    return after


async def _stored(site: Site) -> list[tuple[object, ...]]:
    async with site.database.engine.connect() as connection:
        columns = (Note.id, Note.title, Note.score, Note.owner_id, Note.is_open, Note.folder_id)
        return [tuple(row) for row in await connection.execute(select(*columns).order_by(Note.id))]


def _columns(note: NoteRow) -> tuple[object, ...]:
    folder = None if note.folder is None else note.folder.id
    return (note.id, note.title, note.score, note.owner_id, note.is_open, folder)
