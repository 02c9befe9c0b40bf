"""No other site can make a browser do anything here."""

import re

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from starlette.datastructures import Headers
from starlette.requests import Request

from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.admin.web.csrf import (
    check_origin,
    check_token,
    is_session_token,
    make_session_token,
    make_token,
    owner_of,
)
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from dovetail.settings import SecretKey
from dovetail.signing import Signer
from plugins.blog.models import Tag
from tests.contrib.admin.conftest import COOKIE
from tests.once import asks_no_database

SECRET = SecretStr("a secret of this site, which is long enough")
UNSAFE = [
    "/login",
    "/logout",
    "/login/theme",
    "/password_reset/",
    "/reset/",
    "/theme",
    "/zone",
    "/undo",
    "/trash",
    "/blog/tag/1/history/",
    "/login/language",
    "/account/choices/save",
    "/shortcuts",
    "/blog/tag/",
    "/blog/tag/add/",
    "/blog/tag/1/change/",
    "/blog/tag/delete/",
    "/blog/tag/1/delete/",
    "/comments/comment/action/approve/",
    "/blog/post/action/publish/",
    "/blog/post/action/unpublish/",
    "/comments/comment/action/reject/",
    "/shelf/book/action/shorten/",
    "/shelf/thin-books/action/burn/",
    "/shelf/answering/action/answer/",
    "/shelf/answering/page",
    "/shelf/slow-stamp/action/stamp/",
    "/report",
    "/prove",
    "/prove/options",
    "/auth/user/action/remove-factors/",
    "/auth/user/action/impersonate/",
    "/acting/stop",
    "/auth/user/action/send-reset-link/",
    "/account/password/change",
    "/account/sessions/end",
    "/account/tokens/make",
    "/account/tokens/revoke",
    "/account/connected/connect",
    "/account/connected/disconnect",
    "/account/sessions/end-others",
    "/auth/user/action/end-sessions/",
    "/enrol",
    "/enrol/options",
    "/login/passkey",
    "/login/passkey-options",
    "/login/second-factor",
    "/account/factors/codes",
    "/account/factors/confirm",
    "/account/factors/passkey",
    "/account/factors/passkey-options",
    "/account/factors/remove",
    "/account/factors/rename",
    "/account/factors/totp",
    "/blog/tag/columns/",
    "/blog/tag/bulk/",
    "/blog/tag/draft/",
    "/blog/tag/import/",
    "/blog/tag/import/1/",
    "/blog/tag/markdown/",
    "/blog/tag/views/",
    "/blog/tag/1/presence/",
]


ELSEWHERE = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "", "Referer": "http://evil.example/http://testserver"},
    {"Origin": "http://testserver:81"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_address_that_cannot_be_read_is_of_another_site_and_leads_to_no_page(client):
    page = await client.get("/admin/login?next=http://[")
    assert page.status_code == 200
    values = {"theme": "dark", "csrf_token": read_form(page.text)["csrf_token"]}
    foreign = await client.post("/admin/login/theme", data=values, headers={"Origin": "http://["})
    assert foreign.status_code == 403
    answer = await client.post("/admin/login/theme", data=values, headers={"Origin": ORIGIN, "Referer": "http://["})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")


async def test_a_post_without_a_token_is_refused(office):
    for path in UNSAFE:
        answer = await office.client.post(f"/admin{path}", data={"pks": "1"})
        assert answer.status_code == 403, path
        assert "no longer valid" in answer.text


@asks_no_database
async def test_a_post_from_elsewhere_is_refused_even_with_the_token(office):
    token = await office.token()
    for headers in ELSEWHERE:
        for path in UNSAFE:
            answer = await office.client.post(f"/admin{path}", data={"csrf_token": token}, headers=headers)
            assert answer.status_code == 403, (headers, path)
            assert "did not come from a page" in answer.text, (headers, path)


@asks_no_database
async def test_every_route_that_takes_a_post_is_among_those_tried(app):
    admin = next(route.app for route in app.routes if getattr(route, "name", "") == "admin")
    takers = {route.path for route in admin.routes if "POST" in (getattr(route, "methods", None) or ())}
    view, key = "/{identity:admin_view}/", "{pk:admin_key}/"
    tried = {path.replace("/blog/tag/", view).replace(f"{view}1/", view + key) for path in UNSAFE}
    tried = {path.replace("import/1/", "import/{key:int}/") for path in tried}
    assert (takers - tried, tried - takers) == (set(), set())
    assert not any({"PUT", "PATCH", "DELETE"} & set(getattr(route, "methods", None) or ()) for route in admin.routes)


async def test_the_token_works_in_a_header_too(office, session):
    headers = {"X-CSRF-Token": await office.token()}
    answer = await office.client.post("/admin/blog/tag/add/", data={"name": "headers"}, headers=headers)
    assert answer.status_code == 303
    assert await session.scalar(select(Tag.name)) == "headers"


async def test_a_page_of_this_host_may_be_known_by_its_referer(office):
    headers = {"Origin": "", "Referer": f"{ORIGIN}/admin/blog/tag/add/"}
    data = {"csrf_token": await office.token(), "name": "referred"}
    assert (await office.client.post("/admin/blog/tag/add/", data=data, headers=headers)).status_code == 303


async def test_a_token_is_good_for_one_session_only(office, boss, back_office_for, make_user, session):
    other = await back_office_for(boss)
    data = {"name": "x", "pks": "1", "csrf_token": await other.token()}
    assert (await office.client.post("/admin/account/sessions/end-others", data=data)).status_code == 403
    answer = await office.client.post("/admin/blog/tag/add/", data=data)  # of oneself: a form is shown once more
    assert answer.headers["location"].startswith("/admin/blog/tag/add/?kept=")
    assert await session.scalar(select(Tag.id)) is None
    await session.commit()
    headers = {"Accept": "application/json"}
    assert (await office.client.post("/admin/blog/tag/add/", data=data, headers=headers)).status_code == 403
    stranger = await back_office_for(await make_user(is_superuser=True))
    assert (await stranger.client.post("/admin/blog/tag/add/", data=data)).status_code == 403


async def test_the_token_of_a_login_form_is_good_for_one_browser_only(client, boss, app):
    token = read_form((await client.get("/admin/login")).text)["csrf_token"]
    client.cookies.clear()
    answer = await client.post(
        "/admin/login", data={"csrf_token": token, "username": "boss"}, headers={"Origin": ORIGIN}
    )
    assert answer.status_code == 403


async def test_nothing_changes_on_get(office, session):
    tag = Tag(name="kept")
    session.add(tag)
    await session.commit()
    for path in (f"/blog/tag/delete/?pks={tag.id}&confirmed=yes", "/comments/comment/action/approve/?pks=1", "/logout"):
        await office.get(path)
    assert await session.scalar(select(func.count()).select_from(Tag)) == 1
    assert (await office.get("/")).status_code == 200


async def test_another_site_cannot_make_a_superuser(office, session):
    form = {"username": "mallory", "email": "m@example.org", "password": "correct horse battery", "is_superuser": "y"}
    answer = await office.client.post("/admin/auth/user/add/", data=form, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert await session.scalar(select(User.id).where(User.username == "mallory")) is None


async def test_the_cookies_of_another_session_do_not_carry_a_form(office, session):
    token = await office.token()
    office.client.cookies.set(COOKIE, "made-up")
    answer = await office.client.post("/admin/blog/tag/add/", data={"name": "x", "csrf_token": token})
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/admin/login")
    assert await session.scalar(select(Tag.id)) is None


def sent_with(token: str) -> Request:
    return Request({"type": "http", "method": "GET", "headers": [(b"x-csrf-token", token.encode())]})


@pytest.mark.parametrize("cookie", [None, "", "a-session"])
async def test_a_token_made_of_no_cookie_or_of_nothing_is_refused(cookie):
    refused = re.escape("The form is no longer valid, so nothing was done. Go back, reload the page and try again.")
    for given in (
        "",
        make_token(SECRET, ""),
        make_token(SECRET, "None"),
        "00" * 32,
        "zz",
        make_token(SECRET, "x")[:-2],
    ):
        request = Request({"type": "http", "method": "GET", "headers": [(b"x-csrf-token", given.encode())]})
        with pytest.raises(PermissionDeniedError, match=f"^{refused}$"):
            await check_token(request, SECRET, cookie)


async def test_the_token_of_a_cookie_is_taken():
    request = Request(
        {"type": "http", "method": "GET", "headers": [(b"x-csrf-token", make_token(SECRET, "x").encode())]}
    )
    await check_token(request, SECRET, "x")
    with pytest.raises(PermissionDeniedError):
        await check_token(request, SecretStr("the secret of another site"), "x")


async def test_a_form_of_before_the_secret_changed_is_known_as_long_as_the_old_one_is_named():
    old = make_session_token(SECRET, 7, 5)
    another = SecretStr("the next secret of this site, long enough")
    named = SecretKey(another.get_secret_value(), (SECRET.get_secret_value(),))
    for secret_key, owner in ((SECRET, 7), (named, 7), (another, None)):
        assert await owner_of(sent_with(old), secret_key) == owner
        assert is_session_token(old, secret_key, 7, 5) is (owner is not None)
    signed = old.rpartition(".")[2]
    for given in (signed, f"8.5.{signed}", f"7.6.{signed}", f"07.5.{signed}", f"7.5.{'00' * 32}", f"7.5.{old}"):
        assert not is_session_token(given, named, 7, 5)
        assert await owner_of(sent_with(given), named) is None


async def test_a_token_may_stand_in_a_field_of_the_form():
    form = f"name=x&csrf_token={make_token(SECRET, 'x')}".encode()

    async def receive():
        return {"type": "http.request", "body": form}

    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    await check_token(request, SECRET, "x")


def test_a_token_is_signed_for_this_one_purpose():
    for cookie, bytes_of_it in (("x", b"x"), ("\ud800", b"?")):
        assert make_token(SECRET, cookie) == Signer(SECRET, "dovetail.admin.csrf").signature(bytes_of_it).hex()


HOST = {"host": "example.org"}
FROM_HERE = [
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},  # what a proxy did to Host
    {"origin": "https://example.org"},
    {"referer": "https://example.org/admin/"},
    {"origin": "", "referer": "https://example.org/admin/"},
    {"origin": "https://example.org", "referer": "https://evil.example"},
]
FROM_ELSEWHERE = [
    {},
    {"sec-fetch-site": "cross-site", "origin": "https://example.org"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": ""},
    {"origin": "null"},
    {"origin": "https://evil.example", "referer": "https://example.org/"},
    {"referer": "https://example.org.evil.example/"},
    {"origin": "https://example.org:8443"},
    {"origin": "example.org"},
]


def test_a_request_from_a_page_of_this_host_is_let_in():
    for headers in FROM_HERE:
        check_origin(Headers(HOST | headers))


def test_a_request_from_elsewhere_or_from_who_knows_where_is_refused():
    without_a_host = [{}, {"origin": "https://"}, {"host": "", "origin": "null"}]
    refused = re.escape("This request did not come from a page of the back office, so nothing was done.")
    for headers in [*(HOST | one for one in FROM_ELSEWHERE), *without_a_host]:
        with pytest.raises(PermissionDeniedError, match=f"^{refused}$"):
            check_origin(Headers(headers))
