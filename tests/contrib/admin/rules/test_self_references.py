"""An object that refers to itself is saved and deleted like any other."""

from sqlalchemy import select

from tests.contrib.admin.cabinet.models import Paper


async def test_an_object_that_refers_to_itself_is_saved_saved_again_and_deleted(make_user, back_office_for, session):
    boss = await make_user(username="boss", is_superuser=True)
    office = await back_office_for(boss)
    keys = []
    for title, page in (("one", False), ("many", True)):
        paper = Paper(title=title, owner_id=boss.id)
        session.add(paper)
        await session.commit()
        path, key = f"/cabinet/paper/{paper.id}", str(paper.id)
        for changes in ({"origin": key}, {"remark": "read"}, {"origin": key, "remark": "signed"}):
            saved = await office.submit(f"{path}/change/", changes)
            assert saved.status_code == 303, saved.text
        await session.refresh(paper)
        assert (paper.origin_id, paper.remark) == (paper.id, "signed")
        await session.commit()
        gone = await (
            office.post("/cabinet/paper/delete/", {"pks": [key], "confirmed": "yes"})
            if page
            else office.submit(f"{path}/delete/", {})
        )
        assert gone.status_code == 303, gone.text
        keys.append(paper.id)
    assert (await session.scalars(select(Paper.id).where(Paper.id.in_(keys)))).all() == []
