"""The page at /docs is drawn with files of this site alone, and is for those whom the settings let in."""

import re
from hashlib import sha256
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, Request, expect

from dovetail.api.pages import docs
from dovetail.application import make_application
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client
from tests.api.test_problems import assert_is_problem
from tests.contrib.auth.helpers import bearer, token_of


async def test_its_policy_forbids_what_is_not_of_this_site_and_what_stands_in_the_page(probe):
    answer = await probe.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "sha256" not in policy
    assert "http" not in policy
    assert re.findall(r"https?://|<script>|<style|style=|onload=", answer.text) == []


async def test_its_files_are_there_and_may_be_kept(probe):
    found = re.findall(r'(?:src|href)="(/docs/[^"]+)"', (await probe.get("/docs")).text)
    assert [path.rpartition("/")[2] for path in found] == ["swagger-ui.css", "swagger-ui-bundle.js", "docs.js"]
    for path in found:
        answer = await probe.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] in {"text/css", "text/javascript"}
        assert "immutable" in answer.headers["cache-control"]
    for path in ("/docs/1/__init__.py", "/docs/1/..%2fdocs.py", "/docs/1/index.html"):
        assert_is_problem(await probe.get(path), 404)


async def test_a_changed_file_of_the_site_gets_an_address_of_its_own(probe):
    own = (docs.OWN_FILES / "docs.js").read_bytes()
    (path,) = re.findall(r'src="(/docs/[^"]+)/docs.js"', (await probe.get("/docs")).text)
    assert path.endswith(sha256(own).hexdigest()[:8])


async def test_it_reads_the_document_of_this_site_below_a_root_path_too(probe_app, probe):
    assert 'data-url="/openapi.json"' in (await probe.get("/docs")).text
    assert "servers" not in (await probe.get("/openapi.json")).json()
    probe_app.root_path = "/shop"
    assert 'data-url="/shop/openapi.json"' in (await probe.get("/shop/docs")).text
    for _ in range(2):
        assert (await probe.get("/shop/openapi.json")).json()["servers"] == [{"url": "/shop"}]


async def test_the_document_is_written_once_however_often_it_is_read(probe, monkeypatch):
    class Counted(docs.JSONResponse):
        count = 0

        def render(self, content):
            Counted.count += 1
            return super().render(content)

    monkeypatch.setattr(docs, "JSONResponse", Counted)
    found = [await probe.get("/openapi.json") for _ in range(3)]
    assert Counted.count == 1
    assert {answer.headers["content-type"] for answer in found} == {"application/json"}
    assert found[0].json() == found[2].json()


async def test_off_means_that_neither_is_there_nor_named(make_settings):
    app = make_application(make_settings(plugins=(), database_url="sqlite:///:memory:", docs="off"))
    async with make_client(app) as client:
        for path in ("/docs", "/openapi.json", "/docs/1/docs.js"):
            assert_is_problem(await client.get(path), 404)
        page = (await client.get("/")).text
        assert "/docs" not in page
        assert "/openapi.json" not in page
    assert app.openapi()["paths"]


@pytest.fixture
def for_staff(settings: Settings) -> Settings:
    return settings.model_copy(update={"docs": "staff"})


async def test_staff_read_it_with_a_token_or_a_session_of_the_back_office(
    for_staff, make_user, back_office_for, client
):
    await make_user(username="ada")
    boss = await make_user(username="boss", is_superuser=True)
    site = make_application(for_staff)
    async with make_client(site) as stranger:
        answer = await stranger.get("/docs")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login?next=/docs")
        assert_is_problem(await stranger.get("/openapi.json"), 401)
        for name, status in (("ada", 403), ("boss", 200)):
            headers = bearer(await token_of(client, name))
            for path in ("/docs", "/openapi.json"):
                assert (await stranger.get(path, headers=headers)).status_code == status
        cookies = (await back_office_for(boss)).client.cookies
        for path in ("/docs", "/openapi.json"):
            seen = await stranger.get(path, headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
            assert seen.status_code == 200
            assert seen.headers["cache-control"] == "no-store"
            assert {"Cookie", "Authorization"} <= set(seen.headers["vary"].split(", "))
        assert (await stranger.get("/debug/pool", headers={"Cookie": "x=y"})).status_code == 401
    await site.state.database.dispose()


async def test_without_a_back_office_a_stranger_is_told_to_log_in(make_settings, database_url):
    plugins = (
        "dovetail.contrib.throttling",
        "dovetail.contrib.auth",
    )
    app = make_application(make_settings(plugins=plugins, database_url=database_url, docs="staff"))
    async with make_client(app) as client:
        for path in ("/docs", "/openapi.json"):
            assert_is_problem(await client.get(path), 401)
    await app.state.database.dispose()


async def test_a_session_of_the_back_office_opens_nothing_that_asks_for_a_token(back_office_for, make_user):
    office = await back_office_for(await make_user(username="boss", is_superuser=True))
    for path in ("/debug/pool", "/api/users/me"):
        assert_is_problem(await office.client.get(path), 401)


def watch(page: Page) -> list[str]:
    """The hosts that the page asks for anything."""
    hosts: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith("data:"):
            hosts.append(urlsplit(request.url).hostname or request.url)

    page.on("request", note)
    return hosts


@pytest.mark.parametrize("database_kind", ["sqlite"])  # how a page is drawn, whatever an operation asks
@pytest.mark.browser
async def test_a_browser_draws_it_and_tries_an_operation_without_another_host(browser_page: Page) -> None:
    hosts = watch(browser_page)
    await browser_page.goto("/docs")
    operation = browser_page.locator("#operations-blog-list_posts")
    await operation.locator(".opblock-summary-control").click()
    await operation.get_by_role("button", name="Try it out").click()
    await operation.get_by_role("button", name="Execute").click()
    await expect(operation.locator(".live-responses-table tbody .response-col_status")).to_contain_text("200")
    await expect(browser_page.locator("section.models")).to_be_visible()
    await operation.locator(".opblock-summary-control").scroll_into_view_if_needed()
    assert set(hosts) == {"127.0.0.1"}
    assert await browser_page.evaluate("getComputedStyle(document.querySelector('.opblock')).borderRadius") == "4px"
    await browser_page.emulate_media(color_scheme="dark")  # while it is read
    background = "rgb(28, 32, 34)"
    await expect(browser_page.locator("html")).to_have_css("background-color", background)
    await browser_page.goto("/docs?again")
    await expect(browser_page.locator("html")).to_have_css("background-color", background)
    await browser_page.emulate_media(color_scheme="light")
    await expect(browser_page.locator("html")).not_to_have_css("background-color", background)


class TestForStaff:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"docs": "staff"})

    @pytest.fixture(autouse=True)
    def _served_for_staff(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCS", "staff")

    @pytest.mark.browser
    @pytest.mark.parametrize("database_kind", ["sqlite"])
    async def test_a_browser_logs_in_and_is_led_to_it(self, browser_page: Page, make_user) -> None:
        await make_user(username="boss", is_superuser=True)
        hosts = watch(browser_page)
        await browser_page.goto("/docs")
        await browser_page.get_by_label("Username").fill("boss")
        await browser_page.get_by_label("Password").fill(PASSWORD)
        await browser_page.get_by_role("button", name="Log in").click()
        await expect(browser_page).to_have_url(re.compile("/docs$"))
        await expect(browser_page.locator("#operations-blog-list_posts")).to_be_visible()
        assert set(hosts) == {"127.0.0.1"}
