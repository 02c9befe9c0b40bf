"""Somebody who walks through the views of the zoo, and looks at what is stored."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Table, select

from dovetail.cli.data.dump_files import records
from dovetail.cli.data.table_loader import TableLoader
from dovetail.cli.data.table_rows import TableRows
from dovetail.contrib.admin.testing import BackOffice, read_form
from dovetail.database.unit_of_work import Database
from tests.contrib.admin.change_list.test_editing import inputs
from tests.contrib.admin.importing.conftest import Importer
from tests.zoo.animal import Json
from tests.zoo.dump_rows import as_lines

MISTAKE = re.compile(r'id="errors-field-(\w+)"><div class="invalid-feedback d-block">([^<]*)')

TOLD = re.compile(
    r'invalid-feedback d-block"[^>]*>(.*?)<|<tr><td[^>]*>(\d+)</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td></tr>'
)


def told(page: str) -> list[tuple[str, ...]]:
    """The mistakes that a page tells, of fields and of the rows of a file."""
    return TOLD.findall(page)


class Visitor:
    def __init__(self, office: BackOffice, database: Database, root: str, tables: Sequence[Table]) -> None:
        self.office, self.database, self.root, self.tables = office, database, root, tables
        self.findings: list[str] = []

    async def fill(self, path: Path, found: Iterable[dict[str, Json]]) -> None:
        path.write_text(as_lines(found))  # noqa: ASYNC240 - a few rows
        async with self.database.unit_of_work() as session:
            loader = TableLoader(session, {table.key: table for table in self.tables})
            for record in records(path):
                await loader.load([record])
            await loader.finish()

    async def stored(self) -> list[dict[str, Json]]:
        """The rows of all tables, as a dump has them."""
        found = []
        async with self.database.unit_of_work() as session:
            for table in self.tables:
                rows = TableRows(table, self.database.engine.dialect)
                told = await session.execute(select(*rows.selected()).order_by(*table.primary_key.columns))
                found += [json.loads(rows.write(tuple(row)))["row"] for row in told]
        return found

    async def open(self, path: str, **asked: str) -> str:
        """The page, which has to open."""
        page = await self.office.get(f"{self.root}{path}", **asked)
        if page.status_code != 200:
            self.findings.append(f"{self.root}{path} {asked} is answered by {page.status_code}")
        return page.text

    async def links(self) -> list[str]:
        """The parts of addresses that the list has for the forms of its rows."""
        found = re.findall(rf'href="/admin{re.escape(self.root)}([^"?]+/)change/"', await self.open(""))
        return list(dict.fromkeys(found))

    async def form(self, link: str) -> dict[str, list[str]]:
        return read_form(await self.open(f"{link}change/"))

    async def save(self, link: str, changes: dict[str, list[str]] | dict[str, str]) -> dict[str, str]:
        """Save the form with changes, and return the mistakes that are told, by field."""
        answer = await self.office.submit(f"{self.root}{link}change/", changes)
        told = dict(MISTAKE.findall(answer.text))
        # SQLite alone refuses a decimal of more than 15 digits, and says so above the form.
        if answer.status_code not in {303, 422} and not (told and answer.status_code == 400):
            self.findings.append(f"{self.root}{link} {changes} is answered by {answer.status_code}")
        return told

    async def cells(self) -> dict[str, list[str]]:
        """What the list sends of the cells that can be edited in it."""
        return inputs(await self.open(""))

    async def save_cells(self, changes: Mapping[str, list[str]]) -> None:
        """Save the list with changes to its cells."""
        answer = await self.office.post(self.root, {**await self.cells(), **changes})
        if answer.status_code != 303:
            self.findings.append(f"{self.root} {changes} is answered by {answer.status_code} {told(answer.text)}")

    async def change_many(self, keys: Sequence[str], values: Mapping[str, list[str]]) -> None:
        """Change fields of several rows at once."""
        page = await self.office.post(f"{self.root}bulk/", {"pks": list(keys)})
        done = await self.office.post(f"{self.root}bulk/", {**read_form(page.text), **values, "change": list(values)})
        if done.status_code != 303:
            self.findings.append(f"{self.root}bulk/ {values} is answered by {done.status_code} {told(done.text)}")

    async def bring_in(self, kind: str, table: str | bytes) -> None:
        """Import a file as its headings suggest."""
        importer = Importer(self.office, self.root)
        done = await importer.step(await importer.upload(f"rows.{kind}", table), "import")
        if done.status_code != 303:
            self.findings.append(f"{self.root}import/ is answered by {done.status_code} {told(done.text)}")

    async def see_as_it_was(self, before: list[dict[str, Json]], but: frozenset[str] = frozenset()) -> None:
        for one, other in zip(before, await self.stored(), strict=True):
            for name in one.keys() - but:
                if one[name] != other[name]:
                    self.findings.append(f"{self.root} {name} was {one[name]!r} and is {other[name]!r}")
