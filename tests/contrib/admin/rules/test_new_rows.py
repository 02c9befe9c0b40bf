"""New rows are no reason to add them: not in a form, nor in an import, nor if an undo brings them back."""

import re

from sqlalchemy import delete, func, select, true
from sqlalchemy.orm import aliased

from dovetail.contrib.auth.permissions import grants
from tests.contrib.admin.cabinet.models import Folder, Paper
from tests.contrib.admin.cabinet.policies import KEEPS_REMARKS, PaperPolicy
from tests.contrib.admin.importing.conftest import Importer
from tests.contrib.history.test_pages import page_of
from tests.contrib.history.undoing.test_undo import last

PAPERS = "/cabinet/paper"
OTHER = aliased(Paper)
EMPTY = "Empty folder"


def follow(monkeypatch) -> None:
    """Let papers be added to folders in which their owner has one, and else let everything be done."""
    rule = select(OTHER.id).where(OTHER.folder_id == Paper.folder_id, OTHER.owner_id == Paper.owner_id).exists()
    monkeypatch.setattr(PaperPolicy, "where", lambda _self, _viewer, action: rule if action == "add" else true())


async def folder(session) -> int:
    made = Folder(name=EMPTY)
    session.add(made)
    await session.flush()
    key = made.id
    await session.commit()
    return key


async def papers_in(session, key: int) -> int:
    found = await session.scalar(select(func.count()).select_from(Paper).where(Paper.folder_id == key))
    await session.rollback()
    return found


async def test_a_form_adds_no_row_that_alone_allows_itself(cabinet, session, monkeypatch):
    empty = await folder(session)
    follow(monkeypatch)
    for key, status in ((empty, 403), (cabinet.open.id, 303)):
        sent = {"title": "New", "owner": str(cabinet.clara.id), "folder": str(key)}
        answer = await cabinet.office.submit(f"{PAPERS}/add/", sent)
        assert answer.status_code == status, answer.text
    assert await papers_in(session, empty) == 0


async def test_an_import_adds_no_rows_that_allow_each_other(cabinet, session, monkeypatch):
    empty = await folder(session)
    follow(monkeypatch)
    importer = Importer(cabinet.office, f"{PAPERS}/")
    for key, is_refused in ((empty, True), (cabinet.open.id, False)):
        rows = [f"{title},{cabinet.clara.id},{key}" for title in ("one", "two")]
        address = await importer.upload("p.csv", "\n".join(["title,owner,folder", *rows]))
        told = (await importer.step(address, "check")).text
        assert told.count("This paper is not yours to add.") == (2 if is_refused else 0), told
        assert ("New: 2." in told) is not is_refused
    assert await papers_in(session, empty) == 0


async def test_an_undo_brings_no_row_back_that_alone_allows_itself(app, cabinet, session, database, monkeypatch):
    await grants.grant(session, cabinet.clara, [KEEPS_REMARKS])
    await session.commit()
    follow(monkeypatch)
    for folder_id, is_refused in ((cabinet.closed.id, True), (cabinet.open.id, False)):  # with one paper, and with two
        async with database.unit_of_work() as work:
            first = select(func.min(Paper.id)).where(Paper.folder_id == folder_id, Paper.owner_id == cabinet.clara.id)
            await work.execute(delete(Paper).where(Paper.id == first.scalar_subquery()))
        before = await papers_in(session, folder_id)
        line = await last(database, "cabinet.paper", "delete")
        answer = await cabinet.office.submit(page_of(app, "view-trash"), {"change": str(line.id)})
        assert answer.status_code == 303
        page = (await cabinet.office.client.get(answer.headers["location"])).text
        assert ("This paper is not yours to add" in page) is is_refused, re.sub(r"\s+", " ", page)
        assert await papers_in(session, folder_id) == before + (not is_refused)
