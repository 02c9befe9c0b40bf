"""The landing page says where to go."""

import re
from base64 import b64encode
from hashlib import sha256

from dovetail.application import make_application
from dovetail.testing.fixtures import make_client


async def page_of(settings) -> tuple[str, str]:
    async with make_client(make_application(settings)) as client:
        answer = await client.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text, answer.headers["content-security-policy"]


async def test_it_names_the_site_its_plugins_and_links_to_pages_that_exist(client, app):
    page = (await client.get("/")).text
    assert "<h1>Dovetail</h1>" in page
    for name in app.state.plugin_names:
        assert f"<code>{name}</code>" in page
    links = re.findall(r'href="(/[^"]*)"', page)
    assert links == ["/docs", "/admin/", "/openapi.json"]
    for link in links:
        assert (await client.get(link, follow_redirects=True)).status_code == 200


async def test_without_a_back_office_there_is_no_link_to_it(make_settings):
    page, _ = await page_of(make_settings(plugins=(), database_url="sqlite:///:memory:"))
    assert "/admin/" not in page
    assert "No plugin is enabled." in page


async def test_the_name_of_the_site_is_text_not_markup(make_settings):
    page, _ = await page_of(make_settings(plugins=(), site_name="<b>&", database_url="sqlite:///:memory:"))
    assert "<h1>&lt;b&gt;&amp;</h1>" in page
    assert "<b>" not in page


async def test_it_needs_nothing_from_elsewhere_and_its_policy_allows_its_style(make_settings):
    page, policy = await page_of(make_settings(plugins=(), database_url="sqlite:///:memory:"))
    assert re.findall(r"https?://", page) == []
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "prefers-color-scheme: dark" in style
