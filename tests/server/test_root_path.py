"""Behind a proxy that takes a prefix off the path, every address that a page names lies below that prefix."""

import re
from collections import deque
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.testing import PASSWORD
from tests.walking import pages

PREFIX = "/shop"
ORIGIN = "https://testserver"
ADDRESS = re.compile(r'(?:href|src|action|formaction|data-[a-z-]*url)="([^"]*)"')
MOST_PAGES = 30


def behind_a_proxy(app):
    """The application as a client meets it through a proxy that takes PREFIX off, and answers 404 anywhere else."""

    async def proxy(scope, receive, send):
        if not scope["path"].startswith(f"{PREFIX}/"):
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b"not behind this proxy"})
            return
        inner = {
            **scope,
            "client": ("127.0.0.1", 1),
            "scheme": "http",
            "path": scope["path"].removeprefix(PREFIX),
            "raw_path": scope["raw_path"].removeprefix(PREFIX.encode()),
            "headers": [
                *scope["headers"],
                (b"x-forwarded-prefix", PREFIX.encode()),
                (b"x-forwarded-proto", b"https"),
                (b"x-forwarded-for", b"203.0.113.9"),
            ],
        }
        await app(inner, receive, send)

    return proxy


@pytest.fixture
async def browser(app):
    transport = httpx.ASGITransport(behind_a_proxy(app))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as browser:
        yield browser


def addresses(answer: httpx.Response) -> set[str]:
    """What a page leads to on this site, as paths with their queries."""
    found = set()
    for address in ADDRESS.findall(answer.text):
        parts = urlsplit(urljoin(str(answer.url), address.replace("&amp;", "&")))
        if parts.netloc == "testserver" and parts.scheme == "https":
            found.add(parts.path + (f"?{parts.query}" if parts.query else ""))
    return found


async def test_every_page_leads_to_pages_below_the_prefix_that_are_there(browser, make_user):
    await make_user(username="boss", is_superuser=True)
    asked = await browser.get(f"{PREFIX}/admin/")
    assert asked.headers["location"] == f"{PREFIX}/admin/login?next=%2Fshop%2Fadmin%2F"
    page = await browser.get(asked.headers["location"])
    form = {**read_form(page.text), "username": "boss", "password": PASSWORD}
    answer = await browser.post(asked.headers["location"], data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PREFIX}/admin/")
    waiting, seen = deque([f"{PREFIX}/", f"{PREFIX}/docs", f"{PREFIX}/admin/"]), set()
    while waiting and len(seen) < MOST_PAGES:
        address = waiting.popleft()
        if address in seen or "/logout" in address or "/export" in address:
            continue
        seen.add(address)
        answer = await browser.get(address, follow_redirects=True)
        assert answer.status_code in (200, 400, 405), address  # there, whatever it wants beside a GET
        if answer.headers["content-type"].startswith("text/html"):
            found = addresses(answer)
            assert [one for one in found if not one.startswith(f"{PREFIX}/")] == [], address
            waiting.extend(sorted(found - seen))
    assert len(seen) > 20


async def test_what_is_saved_leads_on_below_the_prefix(browser, make_user):
    await make_user(username="boss", is_superuser=True)
    page = await browser.get(f"{PREFIX}/admin/login")
    await browser.post(f"{PREFIX}/admin/login", data={**read_form(page.text), "username": "boss", "password": PASSWORD})
    page = await browser.get(f"{PREFIX}/admin/blog/tag/add/")
    answer = await browser.post(
        f"{PREFIX}/admin/blog/tag/add/", data={**read_form(page.text), "name": "oak", "save": "list"}
    )
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == f"{PREFIX}/admin/blog/tag/"
    assert "oak" in (await browser.get(answer.headers["location"])).text


async def test_the_api_leads_on_below_the_prefix(browser, make_user):
    await make_user(username="ada")
    login = await browser.post(f"{PREFIX}/api/auth/login", data={"username": "ada", "password": PASSWORD})
    token = {"Authorization": f"Bearer {login.json()['access_token']}"}
    for number in range(3):
        post = {"title": f"Post {number}", "content": "text", "is_published": True}
        answer = await browser.post(f"{PREFIX}/api/posts", json=post, headers=token)
        assert answer.status_code == 201, answer.text
        assert (await browser.get(answer.headers["location"], headers=token)).json()["title"] == post["title"]
        assert answer.headers["location"].startswith(f"{PREFIX}/api/posts/")
    titles = []
    async for answer in pages(browser.get, f"{ORIGIN}{PREFIX}/api/posts?limit=1&cursor="):
        titles += [item["title"] for item in answer.json()["items"]]
        assert str(answer.url).startswith(f"{ORIGIN}{PREFIX}/api/posts?")
        assert answer.json()["next"] is None or answer.json()["next"].startswith(f"{ORIGIN}{PREFIX}/api/posts?")
    assert len(titles) == 3
    document = (await browser.get(f"{PREFIX}/openapi.json")).json()
    assert document["servers"] == [{"url": PREFIX}]
