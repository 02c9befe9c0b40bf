"""What is pasted and too long is there as it was pasted, and said to be too long; nothing is cut off without a word."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

import dovetail
from dovetail.contrib.admin.models import SavedView
from tests.contrib.admin.axe import findings
from tests.contrib.admin.entering import log_in

PACKAGE = Path(dovetail.__file__).parent


def test_no_template_and_no_script_lets_a_browser_cut_off_what_is_pasted():
    files = [path for ending in ("html", "js") for path in PACKAGE.rglob(f"*.{ending}")]
    assert len(files) > 100
    assert [str(path) for path in files if "maxlength=" in path.read_text()] == []


async def paste(page: Page, text: str) -> None:
    field = page.get_by_role("textbox", name="Name")
    await field.click()
    await field.press("Control+a")
    await page.keyboard.insert_text(text)
    await expect(field).to_have_value(text)


@pytest.mark.browser
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_text_that_is_too_long_is_told_in_forms_lists_and_the_palette(
    browser_page: Page, make_user, workshop, session
):
    page = browser_page
    await make_user(username="boss", is_superuser=True)
    await log_in(page, "/admin/guild/workshop/", "Workshops")
    await page.get_by_text("Save view").click()
    await paste(page, "Ä" * 61 + "😀")  # of which a browser counts one twice
    told = page.get_by_text("This has 62 characters, and may have 60 at most.")
    await expect(told).to_be_visible()
    await expect(page.get_by_role("textbox", name="Name")).to_have_accessible_description(
        "This has 62 characters, and may have 60 at most."
    )
    assert await findings(page) == []
    save = page.get_by_role("button", name="Save", exact=True)
    await save.click()
    await expect(told).to_be_visible()
    assert await session.scalar(select(SavedView.id)) is None
    await session.commit()
    await paste(page, "Ä" * 59 + "😀")
    await expect(told).to_have_count(0)
    await save.click()
    await expect(page.get_by_role("alert")).to_contain_text("was saved.")
    assert await session.scalar(select(SavedView.name)) == "Ä" * 59 + "😀"
    await session.commit()

    await page.wait_for_load_state()  # the list came anew, and its scripts listen for keys
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Go to a page, an object or an action").fill("x" * 201)
    await expect(page.get_by_text("This has 201 characters, and may have 200 at most.")).to_be_visible()

    await page.goto("/admin/guild/crafter/add/")
    await paste(page, "x" * 51)
    await expect(page.get_by_text("This has 51 characters, and may have 50 at most.")).to_be_visible()
