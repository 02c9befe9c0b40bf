"""`dumpdata`, `loaddata` and `flush` take tables of any name, and leave none out without a word."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import insert, select, text

from tests.cli.data.test_dumpdata import Site
from tests.names.models import Counted, NamesBase, Order, Selected, links

KINDS = ("sqlite", "postgresql")
TABLES = ["Order", "names_Counted", "names_select from: 100%", "Link"]


@pytest.fixture
def sites(_databases, monkeypatch, capsys) -> Iterator[Callable[[str], Site]]:
    with ExitStack() as stack:
        yield lambda kind: Site(
            stack.enter_context(_databases.empty(kind)), monkeypatch, capsys, NamesBase.metadata, "tests.names"
        )


@pytest.fixture
def site(sites, database_kind) -> Site:
    return sites(database_kind)


def fill(site: Site) -> None:
    async def store(session):
        orders = [{"group": "a", "user": "x", "value_group": "v"}, {"group": "b", "user": None, "value_group": None}]
        await session.execute(insert(Order), orders)
        await session.execute(text('UPDATE "Order" SET "parentId" = 2 WHERE id = 1'))
        await session.execute(insert(Selected), [{"order_id": 1}, {"order_id": None}])
        await session.execute(insert(Counted), [{"name": "one"}])
        await session.execute(insert(links), [{"order_id": 1, "select_id": 2}])

    site.run_async(store)


def insert_one_of_each(site: Site) -> list[int]:
    """The keys that the next rows get."""

    async def store(session):
        return [
            await session.scalar(insert(Order).values(group="new").returning(Order.id)),
            await session.scalar(insert(Selected).values(order_id=None).returning(Selected.number)),
            await session.scalar(insert(Counted).values(name="new").returning(Counted.id)),
        ]

    return list(site.run_async(store))


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_tables_of_every_name_are_dumped_and_loaded_and_hand_out_free_keys_afterwards(sites, tmp_path, source, target):
    here, there, path = sites(source), sites(target), tmp_path / "dump.jsonl"
    fill(here)
    assert here.manage("dumpdata", "-o", path) == ("", f"6 rows written to {path}.\n")
    assert list(dict.fromkeys(json.loads(line)["table"] for line in path.read_text().splitlines())) == TABLES
    for _ in range(2):
        assert there.manage("loaddata", path)[0] == "6 rows loaded.\n"
        assert there.rows() == here.rows()
    assert insert_one_of_each(there) == [3, 3, 2]


def test_a_flushed_table_of_any_name_counts_from_one_again(site):
    fill(site)
    assert site.manage("flush", "--yes") == ("4 tables are empty.\n", "")
    assert set(map(len, site.rows().values())) == {0}
    assert insert_one_of_each(site) == [1, 1, 1]


def make_stray(site: Site, column: str) -> None:
    site.run_async(lambda session: session.execute(text(f'CREATE TABLE "Stray" (id INTEGER PRIMARY KEY, {column})')))


def test_a_table_that_no_plugin_has_is_left_out_with_a_word(site):
    make_stray(site, "name TEXT")
    assert "WARNING left out, for no enabled plugin has them: Stray." in site.manage("dumpdata")[1]
    assert "WARNING" not in site.manage("dumpdata", "names")[1]
    assert site.manage("flush", "--yes")[1] == "WARNING left as they are, for no enabled plugin has them: Stray.\n"


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_the_parts_of_a_table_are_no_tables_that_somebody_lacks(site):
    for statement in (
        'CREATE TABLE "Stray" (id INTEGER) PARTITION BY RANGE (id)',
        'CREATE TABLE "Part" PARTITION OF "Stray" FOR VALUES FROM (1) TO (9)',
    ):
        site.run_async(lambda session, statement=statement: session.execute(text(statement)))
    assert "no enabled plugin has them: Stray." in site.manage("dumpdata")[1]


def test_flush_refuses_to_empty_what_a_table_that_no_plugin_has_refers_to(site):
    fill(site)
    before = site.rows()
    make_stray(site, 'order_id INTEGER REFERENCES "Order" (id) ON DELETE CASCADE')
    assert site.refusal("flush", "--yes") == (
        "the table Stray, which no enabled plugin has, refers to Order; enable its plugin, or drop it. "
        "Nothing was deleted."
    )
    assert site.rows() == before


def test_a_table_is_chosen_by_the_plugin_that_its_info_names(site):
    fill(site)
    found = json.loads(site.manage("dumpdata", "names", "-e", "Link")[0])
    assert list(dict.fromkeys(row["table"] for row in found)) == TABLES[:-1]
    assert site.run_async(lambda session: session.scalar(select(Order.group).order_by(Order.id))) == "a"
