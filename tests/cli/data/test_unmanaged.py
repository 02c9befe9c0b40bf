"""`dumpdata`, `loaddata` and `flush` leave alone what no migration makes, unless they are asked for it."""

import json

import pytest
from sqlalchemy import MetaData, select, text

from tests.cli.data.test_dumpdata import Site
from tests.unmanaged.models import Sale, make


@pytest.fixture
def site(_databases, database_kind, monkeypatch, capsys):
    with _databases.empty(database_kind) as url:
        made = Site(url, monkeypatch, capsys, MetaData(), "tests.unmanaged")
        made.run_async(lambda session: session.run_sync(lambda one: make(one.connection())))
        yield made


def dumped(site: Site, *arguments: str) -> list[str]:
    return [record["table"] for record in json.loads(site.manage("dumpdata", *arguments)[0])]


def test_a_dump_has_the_rows_of_the_sites_own_tables(site):
    assert dumped(site) == ["unmanaged_note"]
    assert dumped(site, "--all") == ["SALES"] * 3 + ["unmanaged_note"]
    assert dumped(site, "SALES", "unmanaged_total") == ["SALES"] * 3 + ["unmanaged_total"] * 2
    assert (
        "--all writes every table; leave it out, or the names" in site.manage("dumpdata", "--all", "SALES", code=2)[1]
    )


def test_rows_of_another_programs_table_are_loaded_and_those_of_a_view_are_refused(site, tmp_path):
    sales, totals = tmp_path / "sales.json", tmp_path / "totals.json"
    site.manage("dumpdata", "SALES", "-o", sales)
    site.manage("dumpdata", "unmanaged_total", "-o", totals)
    site.run_async(lambda session: session.execute(text('DELETE FROM "SALES"')))
    site.manage("loaddata", sales)
    assert site.run_async(lambda session: session.scalar(select(Sale.article).where(Sale.number == 3))) == "milk"
    assert site.refusal("loaddata", totals) == (
        f"{totals}, row 1: nobody writes to unmanaged_total, which is read_only; leave its rows out"
    )


def test_flush_refuses_while_another_programs_table_refers_to_what_it_would_empty(site):
    async def refer(session):
        await session.execute(text('DROP VIEW "unmanaged_total"'))
        await session.execute(text('ALTER TABLE "SALES" RENAME TO "SOLD"'))
        await session.execute(text('CREATE TABLE "SALES" ("NR" INTEGER REFERENCES unmanaged_note (id))'))

    site.run_async(refer)
    assert site.refusal("flush", "--yes") == (
        "the table SALES, which is not managed and stays, refers to unmanaged_note; empty it by hand, or drop it. "
        "Nothing was deleted."
    )


def test_flush_empties_the_sites_own_tables_alone(site):
    assert site.manage("flush", "--yes") == ("1 tables are empty.\n", "")
    assert dumped(site, "--all") == ["SALES"] * 3


def test_check_says_where_the_database_is_not_as_the_models_say(site):
    assert "kernel.W053" not in site.manage("check", "--database", code=0)[1]

    async def differ(session):
        await session.execute(text('DROP VIEW "unmanaged_total"'))
        await session.execute(text('ALTER TABLE "SALES" RENAME COLUMN "ART" TO "ARTICLE"'))

    site.run_async(differ)
    said = "".join(site.manage("check", "--database"))
    assert "The table unmanaged_total, which no migration makes, is not in the database." in said
    assert "The table SALES, which no migration makes, has no column ART." in said

    site.run_async(lambda session: session.execute(text('ALTER TABLE "SALES" RENAME TO "SOLD"')))
    site.run_async(lambda session: session.execute(text('CREATE VIEW "SALES" AS SELECT * FROM "SOLD"')))
    assert "SALES is a view, and its model does not say that nobody writes to it." in "".join(
        site.manage("check", "--database")
    )
