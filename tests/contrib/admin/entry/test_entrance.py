"""Logging in and out, and what a session is worth."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select, update

from dovetail.application import make_application
from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth import users
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.testing.fixtures import make_client, running
from tests.contrib.admin.conftest import COOKIE
from tests.contrib.auth.helpers import hashed
from tests.once import asks_no_database


async def log_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD, target: str = "") -> httpx.Response:
    path = f"/admin/login{target}"
    page = await client.get(path)
    data = {**read_form(page.text), "username": name, "password": password}
    return await client.post(path, data=data, headers={"Origin": ORIGIN})


async def count_sessions(session) -> int:
    return await session.scalar(select(func.count()).select_from(Session))


@pytest.mark.parametrize("login", ["boss", "BOSS", "boss@example.org"])
async def test_staff_log_in_by_name_or_address(client, boss, login):
    answer = await log_in(client, login)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/"
    assert "Welcome, The Boss" in (await client.get("/admin/")).text


async def test_whoever_is_refused_reads_the_same_words(client, boss, make_user, session):
    await make_user(username="reader")
    await make_user(username="gone", is_superuser=True, is_active=False)
    answers = [await log_in(client, *pair) for pair in [("boss", "wrong"), ("nobody", "wrong"), ("reader",), ("gone",)]]
    assert {answer.status_code for answer in answers} == {401}
    texts = {
        answer.text.replace(f'value="{name}"', "")
        for answer, name in zip(answers, ("boss", "nobody", "reader", "gone"), strict=True)
    }
    assert len(texts) == 1
    assert "do not open the back office" in texts.pop()
    assert COOKIE not in client.cookies
    assert await count_sessions(session) == 0


async def test_an_odd_login_form_is_refused_and_not_a_crash(client, boss):
    long = {"username": "x" * 100_000, "password": "y" * 100_000}
    for data in ({}, {"username": "boss"}, {"username": "", "password": ""}, long):
        page = await client.get("/admin/login")
        answer = await client.post(
            "/admin/login", data={**data, "csrf_token": read_form(page.text)["csrf_token"]}, headers={"Origin": ORIGIN}
        )
        assert answer.status_code == 401


ELSEWHERE = ("//evil.example/admin/", "https://evil.example/admin/", "/\\evil.example")
PAGES = ("/", "/auth/user/", "/auth/user/add/", "/blog/post/1/change/", "/blog/post/export/csv/", "/report")


@asks_no_database
async def test_the_anonymous_are_asked_to_log_in(client):
    for path in PAGES:
        answer = await client.get(f"/admin{path}")
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/admin/login?next="), path
    assert (await client.get("/admin/shelf/book/nothing/more/")).status_code == 404


async def test_a_script_is_told_by_status(client):
    answer = await client.get("/admin/blog/post/lookup/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Log in first."})


async def test_logging_in_leads_to_the_page_that_was_asked_for(client, boss):
    asked = await client.get("/admin/auth/user/?search=a%26b")
    assert (await log_in(client, "boss", target=asked.headers["location"].removeprefix("/admin/login"))).headers[
        "location"
    ] == "/admin/auth/user/?search=a%26b"


@asks_no_database
async def test_logging_in_never_leads_elsewhere(client, boss):
    for target in (*ELSEWHERE, "/api/posts", "javascript:alert(1)"):
        client.cookies.clear()
        answer = await log_in(client, "boss", target=f"?{httpx.QueryParams({'next': target})}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/"), target


async def test_the_cookie_is_for_no_script_and_no_other_site(client, boss):
    cookie = next(c for c in (await log_in(client, "boss")).headers.get_list("set-cookie") if c.startswith(COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/;" in cookie
    assert "Max-Age=43200" in cookie


async def test_in_production_the_cookie_goes_over_https_to_this_host_only(make_settings, database_url, boss):
    settings = make_settings(database_url=database_url, environment="production")
    async with running(make_application(settings)) as app, make_client(app) as client:
        client.base_url = httpx.URL("https://testserver")
        page = await client.get("/admin/login")
        answer = await client.post(
            "/admin/login",
            data={**read_form(page.text), "username": "boss", "password": PASSWORD},
            headers={"Origin": "https://testserver"},
        )
        cookie = next(c for c in answer.headers.get_list("set-cookie") if "session" in c)
        assert cookie.startswith(f"__Host-{COOKIE}=")
        assert "Secure" in cookie
        assert "Path=/;" in cookie
        assert "Domain" not in cookie
        assert (await client.get("/admin/")).status_code == 200


async def test_two_sites_on_one_host_keep_their_sessions_apart(make_settings, database_url, boss):
    """A browser sends the cookies of localhost:8000 to localhost:8001 too."""
    sites = [make_settings(database_url=database_url, secret_key=letter * 32) for letter in "ab"]
    async with (
        running(make_application(sites[0])) as first,
        running(make_application(sites[1])) as second,
        make_client(first) as client,
        make_client(second) as other,
    ):
        await log_in(client, "boss")
        other.cookies = client.cookies
        assert (await other.get("/admin/")).status_code == 303
        await log_in(other, "boss")
        client.cookies = other.cookies
        names = [cookie.name for cookie in client.cookies.jar]
        assert len(names) == len(set(names))
        assert [(await one.get("/admin/")).status_code for one in (client, other)] == [200, 200]


async def test_only_a_hash_of_the_key_is_stored(client, boss, session):
    await log_in(client, "boss")
    row = (await session.scalars(select(Session))).one()
    assert client.cookies[COOKIE] not in {str(value) for value in vars(row).values()}
    assert len(row.token_hash) == 64


async def test_logging_in_again_changes_the_key_and_ends_the_session_before(client, boss, session):
    await log_in(client, "boss")
    first = client.cookies[COOKIE]
    client.cookies.delete(COOKIE)
    page = await client.get("/admin/login")
    data = {**read_form(page.text), "username": "boss", "password": PASSWORD}
    client.cookies.set(COOKIE, first, domain="testserver.local", path="/")
    await client.post("/admin/login", data=data, headers={"Origin": ORIGIN})
    assert await count_sessions(session) == 1
    client.cookies.clear()
    assert (await client.get("/admin/", headers={"Cookie": f"{COOKIE}={first}"})).status_code == 303


async def test_whoever_is_logged_in_needs_no_login_form(office):
    answer = await office.get("/login")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")


async def test_logging_out_is_a_post_that_makes_the_cookie_worthless(office, session):
    key = office.client.cookies[COOKIE]
    assert (await office.get("/logout")).status_code == 405
    assert (await office.post("/logout", {})).headers["location"] == "/admin/login"
    assert await count_sessions(session) == 0
    office.client.cookies.set(COOKIE, key)
    assert (await office.get("/")).status_code == 303


async def test_a_session_ends_by_itself(office, session):
    await session.execute(update(Session).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await session.commit()
    assert (await office.get("/")).status_code == 303


async def test_logging_in_removes_sessions_that_are_over(client, office, session):
    await session.execute(update(Session).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await session.commit()
    await log_in(client, "boss")
    assert await count_sessions(session) == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
async def test_whoever_loses_access_is_out_at_once(office, boss, session, change):
    assert (await office.get("/")).status_code == 200
    await session.execute(update(User).where(User.id == boss.id).values(**change))
    await session.commit()
    assert (await office.get("/")).status_code == 303


async def test_a_new_password_ends_every_session(office, boss, database, session):
    async with database.unit_of_work() as work:
        await users.set_password(work, await work.get(User, boss.id), await hashed())
    assert (await office.get("/")).status_code == 303
    assert await count_sessions(session) == 0


async def test_deactivating_a_user_ends_their_sessions_for_good(office, boss, database, session):
    for is_active in (False, True):
        async with database.unit_of_work() as work:
            await users.update_user(work, await work.get(User, boss.id), is_active=is_active)
    assert (await office.get("/")).status_code == 303


async def test_a_made_up_key_opens_nothing(client, boss):
    for key in ("", "made-up", "é" * 10, "x" * 3000):
        headers = {"Cookie": f"{COOKIE}={key}".encode()}
        assert (await client.get("/admin/", headers=headers)).status_code == 303, key


async def test_a_bearer_token_of_the_api_opens_nothing_here(boss, client_for):
    assert (await (await client_for(boss)).get("/admin/")).status_code == 303


async def test_a_page_costs_one_statement_to_know_who_is_there(office, count_statements):
    await office.get("/")  # what its figures and lists show is kept for a while
    with count_statements() as statements:
        assert (await office.get("/")).status_code == 200
    assert len(statements) == 2  # and what they changed last


async def test_reading_works_beside_a_writer(office, database):
    async with database.unit_of_work() as work:
        await work.execute(update(User).values(bio="being written"))
        assert (await office.get("/auth/user/")).status_code == 200
