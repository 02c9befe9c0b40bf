"""The cookie of the back office: another one at each gain of rights and each proof, with forms that go on to work."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select, update

from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.models import Group, User
from dovetail.contrib.auth.permissions.grants import create_group, grant, join_group
from dovetail.contrib.auth.sessions.current import CurrentSession
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.sessions.use import USE_LOGS
from dovetail.contrib.auth.testing import PASSWORD, new_token
from dovetail.contrib.auth.users import note_proof
from plugins.blog.models import Tag
from tests.contrib.admin.conftest import COOKIE


@pytest.fixture
async def eddie(make_user):
    return await make_user(username="eddie", is_staff=True)


async def gain(session, how):
    user = await session.scalar(select(User).where(User.username == "eddie"))
    if how == "superuser":
        await session.execute(update(User).where(User.id == user.id).values(is_superuser=True))
    elif how == "permission":
        await grant(session, user, ["blog.add_tag"])
    else:
        group = await session.scalar(select(Group)) or await create_group(session, "editors", ["blog.add_tag"])
        await join_group(session, user, group)
    await session.commit()


@pytest.mark.parametrize("how", ["superuser", "permission", "group"])
async def test_who_gains_rights_gets_another_cookie_and_the_old_one_is_worth_nothing(
    eddie, back_office_for, session, how
):
    office = await back_office_for(eddie)
    old = office.client.cookies[COOKIE]
    assert "set-cookie" not in (await office.get("/")).headers
    await gain(session, how)
    answer = await office.get("/")
    (cookie,) = answer.headers.get_list("set-cookie")
    new = cookie.partition(";")[0].partition("=")[2]
    assert new != old
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "set-cookie" not in (await office.get("/")).headers
    office.client.cookies.clear()
    for key, status in ((old, 303), (new, 200)):
        answer = await office.client.get("/admin/", headers={"Cookie": f"{COOKIE}={key}"})
        assert answer.status_code == status
    assert await session.scalar(select(func.count()).select_from(Session)) == 1


async def test_a_form_that_was_open_meanwhile_can_still_be_sent(eddie, back_office_for, session):
    await grant(session, await session.get_one(User, eddie.id), ["blog.add_tag"])
    await session.commit()
    office = await back_office_for(eddie)
    form = read_form((await office.get("/blog/tag/add/")).text)
    old = office.client.cookies[COOKIE]
    await gain(session, "superuser")
    await office.get("/")
    assert office.client.cookies[COOKIE] != old
    answer = await office.client.post("/admin/blog/tag/add/", data={**form, "name": "late"})
    assert answer.status_code == 303
    assert await session.scalar(select(Tag.name)) == "late"


async def test_who_loses_a_race_for_the_new_cookie_is_let_in_by_the_login_page(eddie, back_office_for, session):
    office = await back_office_for(eddie)
    old = office.client.cookies[COOKIE]
    await gain(session, "superuser")
    await office.get("/")
    late = await office.client.get("/admin/blog/tag/", headers={"Cookie": f"{COOKIE}={old}"})
    assert late.headers["location"] == "/admin/login?next=%2Fadmin%2Fblog%2Ftag%2F"
    again = await office.client.get(late.headers["location"])
    assert (again.status_code, again.headers["location"]) == (303, "/admin/blog/tag/")


async def test_a_proof_gives_another_cookie_and_leads_to_where_one_was_going(office, session):
    old = office.client.cookies[COOKIE]
    target = "/prove?next=%2Fadmin%2Faccount%2F"
    form = read_form((await office.get(target)).text)
    wrong = await office.client.post(f"/admin{target}", data={**form, "password": "wrong password"})
    assert (wrong.status_code, "not your password" in wrong.text) == (403, True)
    answer = await office.client.post(f"/admin{target}", data={**form, "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/account/")
    assert office.client.cookies[COOKIE] != old
    assert (await office.get("/")).status_code == 200
    outside = {**form, "password": PASSWORD}
    away = await office.client.post("/admin/prove?next=https://evil.example", data=outside, headers={"Origin": ORIGIN})
    assert away.headers["location"] == "/admin/"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_by_https_the_same_site_gives_a_cookie_that_no_other_host_can_plant_and_by_http_one_that_works(app, boss):
    for scheme, prefix in (("https", "__Host-"), ("http", "")):
        root = f"{scheme}://testserver"
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=root, headers={"Origin": root}) as client:
            form = read_form((await client.get("/admin/login")).text)
            answer = await client.post("/admin/login", data={**form, "username": "boss", "password": PASSWORD})
            (cookie,) = [one for one in answer.headers.get_list("set-cookie") if "session" in one]
            assert cookie.startswith(f"{prefix}dovetail-admin-session-")
            assert ("Secure" in cookie.split("; ")) == (scheme == "https")
            assert (await client.get("/admin/")).status_code == 200


async def test_a_proof_by_other_means_changes_the_cookie_with_the_next_page(office, session):
    old = office.client.cookies[COOKIE]
    await note_proof(session, await session.scalar(select(Session)))
    await session.commit()
    await office.get("/")
    assert office.client.cookies[COOKIE] != old
    assert (await office.get("/")).status_code == 200


async def test_a_bearer_token_opens_no_back_office(client, boss, session):
    token = await new_token(session, boss.id)
    await session.commit()
    answer = await client.get("/admin/", headers={"Cookie": f"{COOKIE}={token}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login?next=%2Fadmin%2F")


async def test_work_in_the_back_office_is_noted_as_use_of_its_session(app, office, session):
    await session.execute(update(Session).values(used_at=datetime.now(UTC) - timedelta(minutes=6)))
    await session.commit()
    assert (await office.get("/blog/tag/")).status_code == 200
    await USE_LOGS.get(app)[CurrentSession].write()
    assert datetime.now(UTC) - await session.scalar(select(Session.used_at)) < timedelta(minutes=1)
