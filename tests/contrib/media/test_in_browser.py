"""A file is chosen, dropped, looked at and taken away, in a real Chromium."""

import base64

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from tests.contrib.admin.axe import findings
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.late_scripts import before_scripts
from tests.contrib.media.gallery.models import Picture
from tests.contrib.media.images import image

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]

LARGE = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"x" * 2000}
DROP = """(area, content) => {
    const dropped = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    dropped.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
    for (const type of ["dragover", "drop"]) {
        area.dispatchEvent(new DragEvent(type, { dataTransfer: dropped, bubbles: true, cancelable: true }));
    }
}"""


async def test_files_are_chosen_dropped_looked_at_and_taken_away(browser_page: Page, make_user, session):
    await make_user(username="boss", is_superuser=True)
    page = browser_page
    await log_in(page, "/admin/gallery/picture/add/", "New picture")

    # What is too large is told before it is sent, and not sent.
    await page.get_by_label("Title").fill("One")
    await page.get_by_label("Scan").set_input_files(LARGE)
    await expect(page.get_by_text("The file has 2 KB; 1 KB are taken.")).to_be_visible()
    await page.get_by_label("Image").set_input_files({"name": "my.png", "mimeType": "image/png", "buffer": image()})
    await page.locator(".col-sm", has=page.get_by_label("Cover")).evaluate(DROP, base64.b64encode(image()).decode())
    await page.get_by_role("button", name="Save", exact=True).click()

    thumbnail = page.get_by_role("img", name="my.png")
    await expect(thumbnail).to_be_visible()
    assert await thumbnail.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 40
    stored = (await session.scalars(select(Picture))).one()
    assert (stored.image.name, stored.cover.name, stored.scan) == ("my.png", "dropped.png", None)
    await session.commit()

    await page.goto(f"/admin/gallery/picture/{stored.id}/change/")
    await expect(page.get_by_role("link", name="my.png")).to_be_visible()
    assert await findings(page) == []
    await page.get_by_label("Remove this file").first.check()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("One was saved.")).to_be_visible()
    await session.refresh(stored)
    assert (stored.image, stored.cover.name) == (None, "dropped.png")
    await session.commit()


async def test_a_file_that_was_chosen_before_the_scripts_came_is_told_to_be_too_large(browser_page: Page, make_user):
    await make_user(username="boss", is_superuser=True)
    page = browser_page
    await log_in(page, "/admin/gallery/picture/add/", "New picture")

    async with before_scripts(page, "/admin/gallery/picture/add/"):
        await page.get_by_label("Scan").set_input_files(LARGE)
    await expect(page.get_by_text("The file has 2 KB; 1 KB are taken.")).to_be_visible()
    await expect(page.get_by_label("Scan")).to_have_value("")
