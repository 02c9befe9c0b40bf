"""Rows of every animal are written by `dumpdata`, and `loaddata` makes the same rows of them in either database."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from dovetail.testing.databases import TestDatabases
from tests.outside import run_async, settings_for
from tests.tables import make_tables
from tests.zoo.animal import Animal, Json
from tests.zoo.dump_rows import as_lines, records, rows_of, value_column
from tests.zoo.sites import ZooSite
from tests.zoo.zoo import living_on

OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}
PADDED = {"char", "nchar"}  # in a column of four characters PostgreSQL answers four


class Zoo:
    """A site with all animals of a kind of database."""

    def __init__(self, folder: Path, url: str, kind: str) -> None:
        self.animals, self.url = living_on(kind), url
        self._site = ZooSite(folder, url)
        mappers = [mapper for one in self.animals for mapper in one.model.__mapper__.iterate_to_root()]
        make_tables(url, *dict.fromkeys(table for mapper in mappers for table in mapper.tables))

    def manage(self, *arguments: object) -> str:
        return self._site.manage(*map(str, arguments))

    def refusal(self, *arguments: object) -> str:
        done = self._site.run(*map(str, arguments))
        assert done.returncode == 1, done.stdout
        (line,) = done.stdout.strip().splitlines()
        return line

    def rows(self, animals: list[Animal]) -> dict[str, set[str]]:
        """What SQLAlchemy reads of each animal: its key and its value."""

        async def read(session):
            found = {}
            for one in animals:
                rows = await session.execute(select(*one.model.__table__.primary_key.columns, value_column(one)))
                found[one.name] = {repr([alike(one, part) for part in row]) for row in rows}
            return found

        return run_async(settings_for(self.url), read)


@pytest.fixture
def zoos(_databases: TestDatabases, tmp_path: Path) -> Iterator[dict[str, Zoo]]:
    with ExitStack() as stack:

        def zoo(kind: str) -> Zoo:
            folder = tmp_path / kind
            folder.mkdir()
            return Zoo(folder, stack.enter_context(_databases.empty(kind)), kind)

        yield {kind: zoo(kind) for kind in OTHER}


def alike(animal: Animal, value: Json) -> Json:
    """The value as it is whatever wrote it: base64 has two alphabets."""
    if animal.name in PADDED and isinstance(value, str):
        return value.rstrip()
    is_base64 = animal.name in {"large_binary", "blob", "binary", "varbinary", "bytea", "key_bytes"}
    return value.replace("_", "/") if is_base64 and isinstance(value, str) else value


def lines(path: Path) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for line in path.read_text().splitlines():
        record = json.loads(line)
        found.setdefault(record["table"], []).append(record["row"])
    return found


@pytest.mark.parametrize("kind", OTHER)
def test_rows_of_every_animal_are_the_same_after_a_dump_and_in_the_other_database(zoos, tmp_path, kind):
    here, there = zoos[kind], zoos[OTHER[kind]]
    seed, dump, again = (tmp_path / f"{name}.jsonl" for name in ("seed", "dump", "again"))
    seed.write_text(as_lines(records(here.animals)))
    here.manage("loaddata", seed)
    here.manage("dumpdata", "-o", dump)
    for animal in here.animals:
        column, expected = value_column(animal), [row["value"] for row in rows_of(animal)]
        found = [alike(animal, row[column.name]) for row in lines(dump)[column.table.key]]
        assert (len(found), sorted(map(repr, found))) == (len(expected), sorted(map(repr, expected))), animal.name
    before = here.rows(here.animals)
    here.manage("flush", "--yes")
    here.manage("loaddata", dump)
    here.manage("dumpdata", "-o", again)
    assert again.read_text() == dump.read_text()
    assert here.rows(here.animals) == before

    both = [one for one in here.animals if OTHER[kind] in one.on]
    alone = [one.model.__table__.key for one in here.animals if one not in both]
    here.manage("dumpdata", "-o", dump, *(part for table in alone for part in ("-e", table)))
    there.manage("loaddata", dump)
    assert there.rows(both) == {one.name: before[one.name] for one in both}
