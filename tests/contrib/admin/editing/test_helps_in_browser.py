"""A script helps to fill in a form, in a real Chromium: tabs, buttons for now and today, JSON, conditional fields."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Page, expect
from sqlalchemy import select

from tests.contrib.admin.axe import findings
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.guild.models import Rank, Workshop
from tests.markdown.attacks import ATTACKS

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_kind", ["sqlite"])]


@pytest.fixture
async def editor(browser_page: Page, make_user, workshop) -> Page:
    """The page of a form, opened by a superuser."""
    await make_user(username="boss", is_superuser=True)
    await log_in(browser_page, f"/admin/guild/tabbed/{workshop.id}/change/", "Looms")
    return browser_page


async def write_markdown(editor: Page, about: Locator) -> None:
    """By buttons, shortcuts and a preview, in which no script runs."""
    await about.press("Control+a")
    await about.press("Control+b")
    await expect(about).to_have_value("**Looms of all kinds**")
    await about.press("Control+b")
    await editor.get_by_role("button", name="Quotation").click()
    await expect(about).to_have_value("> Looms of all kinds")
    tools = editor.get_by_role("toolbar", name="Formatting")
    await tools.get_by_role("button", name="Bold").press("ArrowRight")
    await expect(tools.get_by_role("button", name="Italic")).to_be_focused()

    await editor.get_by_role("button", name="Preview").click()
    await expect(editor.get_by_role("region", name="Preview").locator("blockquote")).to_be_visible()
    assert await findings(editor) == []
    await editor.get_by_role("button", name="Write").click()

    await about.fill("\n\n".join(("**Looms**", *ATTACKS)))
    await editor.get_by_role("button", name="Preview").click()
    shown = editor.get_by_role("region", name="Preview")
    await expect(shown.locator("strong", has_text="Looms")).to_be_visible()
    await expect(about).to_be_hidden()
    for link in await shown.get_by_role("link").all():
        await link.dispatch_event("mouseover")
    assert await editor.evaluate("window.hit") is None
    await editor.get_by_role("button", name="Write").click()
    await about.fill("Looms of all kinds")


async def test_tabs_conditions_and_buttons_fill_in_a_form_and_show_the_first_mistake(editor, session):
    craft, times = editor.get_by_role("tab", name="Craft"), editor.get_by_role("tab", name="Times")
    facts = editor.get_by_role("textbox", name="Facts")
    await expect(craft).to_have_attribute("aria-selected", "true")
    await expect(facts).to_be_hidden()

    # A field is there where another has one of some values.
    about = editor.get_by_role("textbox", name="About")
    await expect(about).to_be_hidden()
    await editor.get_by_label("Rank").select_option(Rank.MASTER.value)
    await about.fill("Looms of all kinds")
    await write_markdown(editor, about)

    # Tabs by keyboard; what was typed into JSON is looked at, and tidied up.
    await craft.press("ArrowRight")
    await expect(times).to_be_focused()
    await expect(about).to_be_hidden()
    await facts.fill('{"looms": 3')
    await facts.blur()
    await expect(editor.get_by_text("This is not JSON")).to_be_visible()
    await facts.fill('{"looms":3}')
    await editor.get_by_role("button", name="Facts: Tidy up").click()
    await expect(facts).to_have_value('{\n  "looms": 3\n}')
    await expect(editor.get_by_text("This is not JSON")).to_be_hidden()
    await editor.get_by_role("button", name="Founded on: Today").click()
    await editor.get_by_role("button", name="Opens at: Now").click()

    # A mistake is shown in the tab that hides it.
    await times.press("ArrowLeft")
    await editor.get_by_role("textbox", name="Name").fill("")
    await craft.press("ArrowRight")
    await editor.get_by_role("button", name="Save", exact=True).click()
    name = editor.get_by_role("textbox", name="Name")
    await expect(name).to_be_focused()
    await expect(craft).to_have_attribute("aria-selected", "true")
    await name.fill("Looms")
    await editor.get_by_role("button", name="Save", exact=True).click()
    await expect(editor.get_by_text("Looms was saved.")).to_be_visible()
    saved = (await session.scalars(select(Workshop).execution_options(populate_existing=True))).one()
    assert (saved.rank, saved.about, saved.facts) == (Rank.MASTER, "Looms of all kinds", {"looms": 3})
    now = datetime.now(UTC)
    assert now - timedelta(hours=1) < saved.opens_at <= now
    assert abs((saved.founded_on - now.date()).days) <= 1  # the browser's zone may have another day


async def test_a_script_of_a_plugin_says_its_own_words_before_those_of_all(editor):
    said = await editor.evaluate(
        """async () => {
          globalThis.translated = { Save: "Sichern", Delete: "Löschen", "%(count)s steps": "%(count)s Stufen" };
          globalThis.translatedBy = { "tests.contrib.admin.guild": { Save: "Merken" }, other: { Delete: "Weg" } };
          const own = await import("/admin/media/guild/texts.js");
          const ours = await import("/admin/assets/texts.js");
          const words = [own.gettext("Save"), own.gettext("Delete"), own.gettext("%(x)s", { x: "Add" })];
          return [...words, own.ngettext("%(count)s step", "%(count)s steps", 2), ours.gettext("Save")];
        }"""
    )
    assert said == ["Merken", "Löschen", "Add", "2 Stufen", "Sichern"]
