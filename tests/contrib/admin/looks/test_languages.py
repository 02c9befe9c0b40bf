"""Pages, and the texts that scripts write into them, are in the language of who asks."""

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.mark.browser
async def test_what_a_script_writes_is_in_the_language_of_its_page(app, browser_page):
    await browser_page.set_extra_http_headers({"Accept-Language": "de-DE, de;q=0.9, en;q=0.5"})
    await browser_page.goto("/admin/login")
    await expect(browser_page.get_by_role("button", name="Anmelden")).to_be_visible()
    await expect(browser_page.get_by_role("button", name="Anzeigen")).to_be_visible()  # made by passwords.js


async def test_a_script_of_texts_is_there_for_each_language_of_the_site_alone(client):
    answer = await client.get("/admin/texts/de.js")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "Anzeigen" in answer.text
    assert (await client.get("/admin/texts/fr.js")).status_code == 404
