"""Undo where rows and fields have rules, and where a reference was emptied: what comes back is all, or nothing is."""

import pytest
from sqlalchemy import delete, select, update

from tests.contrib.admin.cabinet.models import Folder, Paper
from tests.contrib.admin.rules.conftest import app, cabinet, settings  # noqa: F401 - fixtures
from tests.contrib.history.test_pages import page_of
from tests.contrib.history.undoing.test_undo import last, refused_undo, undo

PAPERS = "cabinet/paper"


async def rows(database) -> list[tuple[object, ...]]:
    async with database.unit_of_work(read_only=True) as session:
        found = await session.execute(select(*Paper.__table__.columns).order_by(Paper.id))
        return [tuple(one) for one in found]


async def test_references_set_to_null_by_a_deletion_are_restored_with_the_object(
    app,  # noqa: F811 - a fixture
    cabinet,  # noqa: F811 - a fixture
    make_user,
    back_office_for,
    database,
):
    boss = await make_user(username="boss", is_superuser=True)
    async with database.unit_of_work() as session:
        await session.execute(update(Paper).values(owner_id=boss.id, level=0))
    office = await back_office_for(boss)
    before = await rows(database)
    for model, one, label in ((Folder, cabinet.open, "cabinet.folder"), (Paper, cabinet.foreign, "cabinet.paper")):
        async with database.unit_of_work() as session:
            await session.execute(delete(model).where(model.id == one.id))
        assert await rows(database) != before
        line = await last(database, label, "delete")
        assert (await office.submit(page_of(app, "view-trash"), {"change": str(line.id)})).status_code == 303
        assert await rows(database) == before


@pytest.mark.parametrize(
    ("names", "values", "reason"),
    [
        (["low", "foreign"], {"title": "Same"}, "This paper is not yours to change"),  # one of them is somebody else's
        (["low"], {"level": 2}, "you may not write its Level"),
        (["low"], {"remark": "other"}, "you may not write its Remark"),
        (["low"], {"owner_id": "clara"}, "This paper is not yours to change"),  # it would be somebody else's again
    ],
)
async def test_an_undo_requires_permission_for_the_row_before_and_after_and_for_its_fields(  # noqa: PLR0917 - fixtures
    app,  # noqa: F811 - a fixture
    cabinet,  # noqa: F811 - a fixture
    database,
    names,
    values,
    reason,
):
    clara, foreign = cabinet.clara.id, cabinet.foreign
    if "owner_id" in values:
        async with database.unit_of_work() as session:
            await session.execute(update(Paper).where(Paper.id == cabinet.low.id).values(owner_id=foreign.owner_id))
        values = {"owner_id": clara}
    async with database.unit_of_work() as session:
        chosen = [getattr(cabinet, name).id for name in names]
        await session.execute(update(Paper).where(Paper.id.in_(chosen)).values(values))
    changed = await rows(database)
    line = await last(database, "cabinet.paper", "change", cabinet.low.id)
    refused = await refused_undo(app, cabinet.office, cabinet.low.id, line.id, PAPERS)
    assert reason in refused.text
    assert await rows(database) == changed


async def test_a_user_who_may_write_the_row_before_and_after_can_undo_a_change(
    app,  # noqa: F811 - a fixture
    cabinet,  # noqa: F811 - a fixture
    database,
):
    before = await rows(database)
    async with database.unit_of_work() as session:
        await session.execute(update(Paper).where(Paper.id == cabinet.low.id).values(title="Lower"))
    line = await last(database, "cabinet.paper", "change", cabinet.low.id)
    assert (await undo(app, cabinet.office, cabinet.low.id, line.id, PAPERS)).status_code == 303
    assert await rows(database) == before


async def test_a_refused_undo_does_not_name_a_field_that_the_user_may_not_read(
    app,  # noqa: F811 - a fixture
    cabinet,  # noqa: F811 - a fixture
    database,
):
    async with database.unit_of_work() as session:
        paper = Paper(title="Fresh", owner_id=cabinet.clara.id, level=0, remark="first")
        session.add(paper)
    added = await last(database, "cabinet.paper", "add", paper.id)
    async with database.unit_of_work() as session:
        await session.execute(update(Paper).where(Paper.id == paper.id).values(remark="second"))
    refused = await refused_undo(app, cabinet.office, paper.id, added.id, PAPERS)
    assert f"This cannot be undone: Paper {paper.id} was changed since." in refused.text
    assert "emark" not in refused.text
