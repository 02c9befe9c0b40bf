"""A change is no reason to allow it: at no door of the back office, for one row nor for several at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import pytest
from sqlalchemy import false, select, true, update
from sqlalchemy.orm import aliased

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.permissions import grants
from tests.contrib.admin.cabinet.admin import PaperAdmin
from tests.contrib.admin.cabinet.models import Folder, Paper
from tests.contrib.admin.cabinet.policies import KEEPS_REMARKS, PaperPolicy
from tests.contrib.admin.change_list.test_editing import inputs
from tests.contrib.admin.importing.conftest import Importer
from tests.contrib.history.test_pages import page_of
from tests.contrib.history.undoing.test_undo import last

PAPERS = "/cabinet/paper"
OTHER = aliased(Paper)
Door: TypeAlias = Callable[[Sequence[int]], Awaitable[object]]


@pytest.fixture
def editable(monkeypatch):
    """Let levels of papers be edited in the list, and of several papers at once."""
    monkeypatch.setattr(PaperAdmin, "list_editable", ("level",), raising=False)
    monkeypatch.setattr(PaperAdmin, "bulk_editable", ("level",), raising=False)


def follow(monkeypatch, name: str) -> None:
    """Let papers be changed that share a value with one of their owner, and else be viewed and added."""
    same = getattr(OTHER, name) == getattr(Paper, name)
    rule = select(OTHER.id).where(same, OTHER.owner_id == Paper.owner_id).exists()
    rules = {"change": rule, "view": true(), "add": true()}
    monkeypatch.setattr(PaperPolicy, "where", lambda _self, _viewer, action: rules.get(action, false()))


def doors(office) -> dict[str, Door]:
    """Return the ways to raise papers from level 0 to level 2."""
    importer = Importer(office, f"{PAPERS}/")

    async def form(keys):
        await office.submit(f"{PAPERS}/{keys[0]}/change/", {"level": "2"})

    async def in_the_list(keys):
        form = inputs((await office.get(f"{PAPERS}/")).text)
        rows = [name[:-3] for name, (key, *_) in form.items() if name.endswith("-pk") and int(key) in keys]
        await office.post(f"{PAPERS}/", {**form, **{f"{row}-level": ["2"] for row in rows}})

    async def in_bulk(keys):
        sent = {"pks": [str(key) for key in keys]}
        page = await office.post(f"{PAPERS}/bulk/", sent)
        await office.post(f"{PAPERS}/bulk/", {**read_form(page.text), "change": "level", "level": "2"})

    async def action(keys):
        await office.post(f"{PAPERS}/action/raise/", {"pks": [str(key) for key in keys]})

    async def together(keys):
        await office.post(f"{PAPERS}/action/raise-together/", {"pks": [str(key) for key in keys]})

    async def imported(keys):
        lines = ["id,level", *(f"{key},2" for key in keys)]
        address = await importer.upload("p.csv", "\n".join(lines))
        await importer.step(address, "check")
        await importer.step(address, "import")

    return {one.__name__: one for one in (form, in_the_list, in_bulk, action, together, imported)}


async def test_changed_rows_allow_neither_themselves_nor_each_other(editable, cabinet, session, monkeypatch):
    await grants.grant(session, cabinet.clara, [KEEPS_REMARKS])
    second = Paper(title="Second", owner_id=cabinet.clara.id)
    session.add(second)
    await session.flush()
    keys = [cabinet.low.id, second.id]
    await session.commit()
    follow(monkeypatch, "level")
    for is_refused in (True, False):
        for name, door in doors(cabinet.office).items():
            await session.execute(update(Paper).where(Paper.id.in_(keys)).values(level=0))
            await session.commit()
            await door(keys)
            moved = keys if name != "form" else keys[:1]
            found = set(await session.scalars(select(Paper.level).where(Paper.id.in_(moved))))
            await session.commit()
            assert found == ({0} if is_refused else {2}), (name, is_refused)
        session.add(Paper(title="Third", owner_id=cabinet.clara.id, level=2))
        await session.commit()


async def test_a_form_moves_no_rows_of_another_table_that_allow_each_other(cabinet, session, monkeypatch):
    empty = Folder(name="Empty folder")
    session.add_all([empty, second := Paper(title="Second", owner_id=cabinet.clara.id, folder_id=cabinet.open.id)])
    await session.flush()
    keys, where = [cabinet.low.id, second.id], empty.id
    await grants.grant(session, cabinet.clara, ["cabinet.change_folder"])
    await session.commit()
    follow(monkeypatch, "folder_id")
    chosen = keys
    for is_refused in (True, False):
        sent = {"papers": [str(key) for key in chosen]}
        answer = await cabinet.office.submit(f"/cabinet/folder/{where}/change/", sent)
        assert answer.status_code == (403 if is_refused else 303), answer.text
        found = set(await session.scalars(select(Paper.folder_id).where(Paper.id.in_(keys))))
        assert found == ({cabinet.open.id} if is_refused else {where})
        session.add_all(there := [Paper(title=title, owner_id=cabinet.clara.id, folder_id=where) for title in "ab"])
        await session.flush()
        chosen = [*keys, *(one.id for one in there)]
        await session.commit()


async def test_an_undo_takes_no_change_back_that_alone_allows_itself(app, cabinet, session, database, monkeypatch):
    await grants.grant(session, cabinet.clara, [KEEPS_REMARKS])
    key = cabinet.low.id
    session.add_all(Paper(title=title, owner_id=cabinet.clara.id, level=4) for title in "ab")
    await session.commit()
    async with database.unit_of_work() as work:
        await work.execute(update(Paper).where(Paper.id == key).values(level=4))
    line = await last(database, "cabinet.paper", "change")
    follow(monkeypatch, "level")
    for level in (4, 0):
        page = page_of(app, "object-history", identity=PAPERS[1:], pk=key)
        assert (await cabinet.office.submit(page, {"change": str(line.id)})).status_code == 303
        found = await session.scalar(select(Paper.level).where(Paper.id == key))
        assert found == level
        session.add(Paper(title="nought", owner_id=cabinet.clara.id))
        await session.commit()
