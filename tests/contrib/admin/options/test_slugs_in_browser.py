"""What is made of other fields is written as they are typed, in a real Chromium."""

import pytest
from playwright.async_api import Page, expect

from tests.contrib.admin.entering import log_in
from tests.contrib.admin.late_scripts import before_scripts

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


@pytest.fixture
def settings(make_settings, database_url):
    """The site as it is: the server in its own process knows no plugin of the tests."""
    return make_settings(database_url=database_url)


async def test_a_slug_is_written_as_its_title_is_typed_until_somebody_types_it(browser_page: Page, make_user):
    await make_user(username="boss", is_superuser=True)

    async def mark_as_made_of_the_title(route):
        answer = await route.fetch()
        page = (await answer.text()).replace('id="field-content"', 'id="field-content" data-prepopulated-from="title"')
        await route.fulfill(response=answer, body=page)

    await log_in(browser_page, "/admin/", "Welcome")
    await browser_page.route("**/blog/post/add/", mark_as_made_of_the_title)
    await browser_page.goto("/admin/blog/post/add/")
    title, slug = browser_page.get_by_label("Title"), browser_page.get_by_label("Content")
    await title.press_sequentially("Über den  Dächern, 2!")
    await expect(slug).to_have_value("uber-den-dachern-2")
    await slug.fill("mine")
    await title.fill("Another one")
    await expect(slug).to_have_value("mine")
    await slug.fill("")
    await title.fill("A third one")
    await expect(slug).to_have_value("a-third-one")

    async with before_scripts(browser_page, "/admin/blog/post/add/"):
        await title.fill("Typed before the scripts came")
    await expect(slug).to_have_value("typed-before-the-scripts-came")
