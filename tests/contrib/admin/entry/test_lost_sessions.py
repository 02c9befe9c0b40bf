"""A session that ended under somebody's hands: what they had typed is there again after the login."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, func, select, update

from dovetail.contrib.admin.entry import kept_forms
from dovetail.contrib.admin.models import KeptForm
from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD, new_token
from dovetail.testing.fixtures import TEST_SECRET_KEY
from plugins.blog.models import Tag

TYPED = {"username": "eve", "email": "eve@example.org", "bio": "Two\r\nlines", "password": "a secret that is long"}


async def send_late(office, session, path, changes):
    """Open a form, let the session end, and send the form."""
    page = await office.get(path)
    values = {**read_form(page.text), **changes}
    await session.execute(delete(Session))
    await session.commit()
    return await office.client.post(f"/admin{path}", data=values)


async def log_in(client, location, name="boss"):
    page = await client.get(location)
    assert page.status_code == 200
    data = {**read_form(page.text), "username": name, "password": PASSWORD}
    return await client.post(location, data=data, headers={"Origin": ORIGIN})


async def test_a_form_comes_back_as_it_was_typed_and_is_saved_by_its_author(office, session):
    sent = await send_late(office, session, "/auth/user/add/", TYPED)
    assert sent.status_code == 303
    assert "eve" not in sent.headers["location"]
    login = await office.client.get(sent.headers["location"])
    assert "with what you had typed" in login.text
    back = (await log_in(office.client, sent.headers["location"])).headers["location"]
    assert back.startswith("/admin/auth/user/add/?kept=")
    page = await office.client.get(back)
    form = read_form(page.text)
    assert "Nothing was saved yet" in page.text
    assert [form[name][0] for name in ("username", "email")] == ["eve", "eve@example.org"]
    assert form["bio"][0].split() == ["Two", "lines"]
    assert "a secret that is long" not in page.text
    saved = await office.client.post(back, data={**form, "password": "a secret that is long", "save": "list"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/admin/auth/user/")
    assert await session.scalar(select(func.count()).select_from(KeptForm)) == 0


async def test_a_change_comes_back_too_and_tells_of_somebody_who_was_faster(office, session):
    session.add(tag := Tag(name="old"))
    await session.commit()
    sent = await send_late(office, session, f"/blog/tag/{tag.id}/change/", {"name": "typed"})
    back = (await log_in(office.client, sent.headers["location"])).headers["location"]
    assert read_form((await office.client.get(back)).text)["name"] == ["typed"]
    tag.name = "theirs"
    await session.commit()
    page = await office.client.get(back)
    assert "Somebody else changed this" in page.text
    assert read_form(page.text)["name"] == ["typed"]
    await office.client.post(back, data={**read_form(page.text), "save": "list"})
    await session.refresh(tag)
    assert tag.name == "typed"


async def test_it_is_shown_to_its_author_alone_and_only_there(office, session, make_user):
    await make_user(username="other", is_superuser=True)
    sent = await send_late(office, session, "/blog/tag/add/", {"name": "mine"})
    back = (await log_in(office.client, sent.headers["location"], "other")).headers["location"]
    assert "mine" not in (await office.client.get(back)).text
    await office.client.post("/admin/logout", data={"csrf_token": await office.token()})
    await log_in(office.client, sent.headers["location"])
    token = parse_qs(urlsplit(back).query)["kept"][0]
    assert "mine" not in (await office.get(f"/auth/group/add/?kept={token}")).text
    assert "mine" not in (await office.get(f"/blog/tag/add/?kept={token}x")).text
    assert "mine" in (await office.client.get(back)).text


async def test_neither_the_row_nor_the_address_tells_what_was_typed(office, session):
    sent = await send_late(office, session, "/auth/user/add/", {**TYPED, "username": "confidential"})
    row = (await session.scalars(select(KeptForm))).one()
    token = parse_qs(parse_qs(urlsplit(sent.headers["location"]).query)["next"][0].partition("?")[2])["kept"][0]
    stored = " ".join(str(value) for value in vars(row).values())
    assert token not in stored
    assert "confidential" not in stored + sent.headers["location"]
    kept = dict(kept_forms._unsealed(SecretStr(TEST_SECRET_KEY), token, row.sealed).multi_items())
    assert (kept["username"], kept.keys() & {"password", "current_password", "csrf_token"}) == ("confidential", set())
    assert timedelta(minutes=50) < row.expires_at - datetime.now(UTC) < timedelta(minutes=61)


async def test_it_is_kept_for_an_hour(office, session):
    sent = await send_late(office, session, "/blog/tag/add/", {"name": "mine"})
    await session.execute(update(KeptForm).values(expires_at=datetime.now(UTC)))
    await session.commit()
    back = (await log_in(office.client, sent.headers["location"])).headers["location"]
    assert "mine" not in (await office.client.get(back)).text


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_is_too_large_is_not_kept_and_the_author_is_told(office, session, monkeypatch):
    monkeypatch.setattr(kept_forms, "LARGEST", 50)
    sent = await send_late(office, session, "/blog/tag/add/", {"name": "x" * 60})
    assert (sent.headers["location"], await session.scalar(select(KeptForm.id))) == (
        "/admin/login?next=%2Fadmin%2Fblog%2Ftag%2Fadd%2F",
        None,
    )
    assert "could not be kept" in (await office.client.get(sent.headers["location"])).text


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_more_than_ten_are_kept_of_a_user(office, session, monkeypatch):
    monkeypatch.setattr(kept_forms, "MOST", 2)
    page = read_form((await office.get("/blog/tag/add/")).text)
    await session.execute(delete(Session))
    await session.commit()
    for _ in range(4):
        await office.client.post("/admin/blog/tag/add/", data=page)
    assert list(await session.scalars(select(KeptForm.id))) == [3, 4]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_form_that_we_sent_to_nobody_is_not_kept(office, session):
    token = await office.token()
    await session.execute(delete(Session))
    await session.commit()
    user_id, session_id, signature = token.split(".")
    for made_up in ("", "x", signature, f"{int(user_id) + 1}.{session_id}.{signature}", f"{user_id}.9.{signature}"):
        data = {"csrf_token": made_up, "name": "x"}
        answer = await office.client.post("/admin/blog/tag/add/", data=data)
        assert answer.status_code == 303
    assert (
        await office.client.post(
            "/admin/blog/tag/add/", data={"csrf_token": token}, headers={"Origin": "https://evil.example"}
        )
    ).status_code == 403
    assert await session.scalar(select(func.count()).select_from(KeptForm)) == 0


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_button_leads_back_to_the_page_that_it_stands_on(office, session):
    token = await office.token()
    await session.execute(delete(Session))
    await session.commit()
    for referer, target in (
        (f"{ORIGIN}/admin/blog/tag/?page=2", "/admin/blog/tag/?page=2"),
        ("https://evil.example/admin/blog/tag/", "/admin/"),
        (f"{ORIGIN}/elsewhere", "/admin/"),
    ):
        answer = await office.client.post(
            "/admin/account/sessions/end-others", data={"csrf_token": token}, headers={"Referer": referer}
        )
        assert parse_qs(urlsplit(answer.headers["location"]).query) == {"next": [target]}


async def test_who_logged_in_again_in_another_tab_finds_the_old_one_as_it_was(office, session, boss):
    form = read_form((await office.get("/blog/tag/add/")).text)
    await session.execute(delete(Session))
    await new_token(session, boss.id)  # SQLite gives the number of the last row that was deleted again
    await session.commit()
    await log_in(office.client, "/admin/login")
    shown = await office.client.post("/admin/blog/tag/add/", data={**form, "name": "typed"})
    assert (shown.status_code, await session.scalar(select(Tag.id))) == (303, None)
    await session.commit()
    page = await office.client.get(shown.headers["location"])
    assert read_form(page.text)["name"] == ["typed"]
    saved = await office.client.post(shown.headers["location"], data={**read_form(page.text), "save": "list"})
    assert saved.headers["location"] == "/admin/blog/tag/"
    assert await session.scalar(select(Tag.name)) == "typed"
