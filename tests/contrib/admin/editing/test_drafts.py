"""What somebody is typing is kept as a draft, offered when they are back, and gone once it was saved."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, func, select, text, update

from dovetail.contrib.admin.editing import drafts
from dovetail.contrib.admin.models import DRAFTS_EXPIRED, FormDraft, SavedView
from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.sessions.models import Session
from plugins.blog.models import Tag

SCRIPT = {"Accept": "application/json"}
OFFER = "You have a draft of this form"


@pytest.fixture
async def tag(session, office) -> int:
    made = Tag(name="python")
    session.add(made)
    await session.commit()
    return made.id


async def keep(office, key: object = "", **typed: str):
    """Send what was typed as the page's script does."""
    form = read_form((await office.get(f"/blog/tag/{key}/change/" if key else "/blog/tag/add/")).text)
    url = f"{office.root}/blog/tag/draft/?key={key}"
    return await office.client.post(url, data={**form, **typed}, headers=SCRIPT)


async def count(session) -> int:
    found = await session.scalar(select(func.count()).select_from(FormDraft))
    await session.commit()
    return int(found or 0)


async def test_a_draft_is_offered_and_not_forced_and_gone_once_it_was_saved(office, session, tag):
    path = f"/blog/tag/{tag}/change/"
    assert OFFER not in (await office.get(path)).text
    for name in ("pyth", "pythons"):
        assert (await keep(office, tag, name=name)).status_code == 200
    page = (await office.get(path)).text
    assert OFFER in page
    assert read_form(page)["name"] == ["python"]
    draft = await office.get(path, _draft="1")
    assert (read_form(draft.text)["name"], "Nothing was saved yet" in draft.text) == (["pythons"], True)
    assert OFFER not in (await office.get("/blog/tag/add/")).text  # which is another form
    form = {**read_form(draft.text), "save": "list"}
    answer = await office.client.post(f"{office.root}{path}?_draft=1", data=form)
    assert answer.headers["location"] == "/admin/blog/tag/"
    assert await session.scalar(select(Tag.name).where(Tag.id == tag)) == "pythons"
    assert await count(session) == 0


async def test_a_draft_survives_the_session_and_is_its_authors_alone(office, session, make_user, back_office_for, boss):
    assert (await keep(office, name="a new one")).status_code == 200
    await session.execute(delete(Session))
    await session.commit()
    token = {"csrf_token": "x", "name": "late"}
    late = await office.client.post(f"{office.root}/blog/tag/draft/?key=", data=token, headers=SCRIPT)
    assert late.status_code == 401
    back = await back_office_for(boss)
    assert read_form((await back.get("/blog/tag/add/", _draft="1")).text)["name"] == ["a new one"]
    other = await back_office_for(await make_user(username="other", is_superuser=True))
    assert OFFER not in (await other.get("/blog/tag/add/")).text
    assert read_form((await other.get("/blog/tag/add/", _draft="1")).text)["name"] == [""]
    sealed = await session.scalar(select(FormDraft.sealed))
    assert "a new one" not in str(sealed)


async def test_a_draft_of_what_others_changed_meanwhile_says_so(office, session, tag):
    await keep(office, tag, name="mine")
    await session.execute(update(Tag).values(name="theirs"))
    await session.commit()
    page = await office.get(f"/blog/tag/{tag}/change/", _draft="1")
    assert "Somebody else changed this while you were editing" in page.text
    assert read_form(page.text)["name"] == ["mine"]


async def test_a_draft_is_discarded_by_a_button(office, session):
    await keep(office, name="never")
    answer = await office.post("/blog/tag/draft/?key=", {"_discard": "1"})
    assert answer.headers["location"] == "/admin/blog/tag/add/"
    assert await count(session) == 0


async def test_a_draft_has_a_size_an_end_and_no_secrets(office, session, monkeypatch):
    assert (await keep(office, name="x" * 300_000)).status_code == 400
    secrets = {"password": "hush", "secret_key": "hush", "full_name": "hush", "_secret": "full_name"}
    form = {"csrf_token": await office.token(), "username": "eve", **secrets}
    url = f"{office.root}/auth/user/draft/?key="
    assert (await office.client.post(url, data=form, headers=SCRIPT)).status_code == 200
    written = read_form((await office.get("/auth/user/add/", _draft="1")).text)
    assert (written["username"], "hush" in str(written)) == (["eve"], False)
    await session.execute(update(FormDraft).values(expires_at=datetime.now(UTC)))
    assert await session.scalar(select(func.count()).where(DRAFTS_EXPIRED[2](None))) == 1
    await session.commit()
    assert OFFER not in (await office.get("/auth/user/add/")).text
    monkeypatch.setattr(drafts, "MOST", 2)
    for key in (1, 2, 3):
        session.add(Tag(id=key, name=f"tag {key}"))
        await session.commit()
        assert (await keep(office, key, name="x")).status_code == 200
    assert await count(session) == 2


async def test_nobody_keeps_a_draft_of_what_they_may_not_change(office, make_user, back_office_for, tag):
    assert (await office.post("/blog/tag/draft/?key=999", {"name": "x"})).status_code == 404
    clerk = await back_office_for(await make_user(username="clerk", is_staff=True))
    for key in ("", tag):
        assert (await clerk.post(f"/blog/tag/draft/?key={key}", {"name": "x"})).status_code == 403


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_first_draft_and_first_columns_that_two_windows_keep_at_once_are_kept(office, session, boss, database):
    now = datetime.now(UTC)
    draft = FormDraft(user_id=boss.id, view="blog/tag", object_key="", sealed="x", saved_at=now, expires_at=now)
    columns = "/blog/tag/columns/", {"do": "save", "show-name": "1", "width-name": "333"}
    await office.post(*columns)
    list_name = await session.scalar(delete(SavedView).returning(SavedView.list_name))
    await session.commit()
    layout = SavedView(user_id=boss.id, list_name=list_name, name="", query="", columns=[])
    for first, second in ((draft, lambda: keep(office, name="pythons")), (layout, lambda: office.post(*columns))):
        session.add(first)
        await session.flush()
        waiting = asyncio.create_task(second())
        await wait_until_blocked(waiting, database)
        await session.commit()
        assert (await waiting).status_code in {200, 303}
    assert await session.scalar(select(FormDraft.sealed)) != "x"
    assert (await session.scalars(select(SavedView.columns))).all() == [[["name", 333]]]


async def wait_until_blocked(task: asyncio.Task[object], database) -> None:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while not task.done():
        async with database.engine.connect() as connection:
            if await connection.scalar(text(asked)):
                return
        await asyncio.sleep(0.01)
