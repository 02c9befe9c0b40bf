"""An import with a mistake in it, and a change of what was imported, in a real Chromium."""

import csv
import json
import re
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.async_api import expect
from sqlalchemy import select, update

from dovetail.contrib.admin.exporting.csv_cells import write_cell
from tests.contrib.admin.axe import findings
from tests.contrib.admin.depot.models import Parcel, Stage
from tests.contrib.admin.entering import log_in

pytestmark = pytest.mark.browser


def file_of(*lines: str) -> dict[str, object]:
    return {"name": "parcels.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}


async def test_a_mistake_in_a_file_is_told_corrected_and_imported_and_all_rows_are_changed_at_once_by_keyboard(
    boss, session, browser_page
):
    page = browser_page
    await log_in(page, "/admin/depot/parcels/", "Parcels")
    await page.get_by_role("link", name="Import").press("Enter")
    file = page.get_by_label("File")
    await expect(file).to_be_visible()
    assert await findings(page) == []
    await file.set_input_files(file_of("Label,Weight,Sent", "Anvil,heavy,2026-11-28", "Book,2,"))
    await page.get_by_role("button", name="Upload").press("Enter")
    await expect(page.get_by_text("parcels.csv: 2 rows")).to_be_visible()
    await expect(page.get_by_label("Weight", exact=True)).to_have_value("weight")
    await page.get_by_label("Sent", exact=True).select_option("Sent on")
    assert await findings(page) == []
    await page.get_by_role("button", name="Check the rows").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("There is 1 mistake")
    await expect(page.locator(".import-mistakes tbody td").nth(2)).to_contain_text("Input should be a valid integer")
    assert await findings(page) == []
    await page.get_by_role("button", name="Cancel, and forget the file").press("Enter")
    await expect(page.get_by_role("heading", name="Parcels", exact=True)).to_be_visible()
    await page.get_by_role("link", name="Import").press("Enter")
    await file.set_input_files(file_of("Label,Weight,Sent on", "Anvil,90,2026-11-28", "Book,2,"))
    await page.get_by_role("button", name="Upload").press("Enter")
    await page.get_by_role("button", name="Check the rows").press("Enter")
    await expect(page.get_by_text("New: 2. Changed: 0. As they are: 0.")).to_be_visible()
    assert await findings(page) == []
    await page.get_by_role("button", name="Import 2 rows").press("Enter")
    await expect(page.get_by_text("2 rows were added")).to_be_visible()
    await page.get_by_role("link", name="Back to the list").press("Enter")
    await expect(page.get_by_role("link", name="Anvil", exact=True)).to_be_visible()
    await page.get_by_label("Select all rows of this page").press("Space")
    await expect(page.get_by_role("button", name="Edit").first).to_be_enabled()  # by a script
    await page.get_by_role("button", name="Edit").first.press("Enter")
    await expect(page.get_by_role("heading", name="Edit 2 parcels")).to_be_visible()
    await page.wait_for_load_state("load")
    await expect(page.get_by_label("Weight", exact=True)).to_have_value("")
    await page.get_by_label("Weight", exact=True).press_sequentially("7")
    await expect(page.get_by_label("Change Weight")).to_be_checked()
    await expect(page.get_by_label("Change Stage")).not_to_be_checked()
    assert await findings(page) == []
    await page.get_by_role("button", name="Change 2 parcels").press("Enter")
    await expect(page.get_by_text("2 parcels were changed.")).to_be_visible()
    assert sorted((await session.execute(select(Parcel.label, Parcel.weight))).all()) == [("Anvil", 7), ("Book", 7)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_file_that_is_too_large_is_told_before_it_is_sent_with_what_can_be_done(boss, browser_page):
    await log_in(browser_page, "/admin/depot/parcels/import/", "Import parcels")
    page, file = browser_page, browser_page.get_by_label("File")
    await expect(page.get_by_text("has raised ADMIN_IMPORT_ROWS and MAX_BODY_SIZE")).to_be_visible()
    await page.wait_for_load_state("load")
    await file.set_input_files(file_of("label", "x" * 2_700_000))
    told = page.get_by_text("The file has 2.6 MB; 2.5 MB are taken. Import it in parts.")
    await expect(told).to_be_visible()
    await page.get_by_role("button", name="Upload").click()
    await expect(file).to_be_focused()
    await expect(page).to_have_url(re.compile("/import/$"))
    await file.set_input_files(file_of("label", "Anvil"))
    await expect(told).to_be_hidden()
    await page.get_by_role("button", name="Upload").click()
    await expect(page.get_by_text("parcels.csv: 1 row")).to_be_visible()


async def test_a_list_is_taken_away_as_every_kind_of_file_by_a_click_and_each_brings_back_what_it_holds(
    boss, session, browser_page, tmp_path
):
    labels = ["'; =1+1", "+49 30", "-x", "=cmd|'/C calc'!A0", 'Größe 😀, "groß"', "Two\tparts"]
    session.add_all([Parcel(label=one, weight=999_999, sent_on=date(2026, 3, 29)) for one in labels])
    session.add(Parcel(label="left out", stage=Stage.DELIVERED))
    await session.commit()
    page = browser_page
    await log_in(page, "/admin/depot/parcels/?stage=waiting", "Parcels")
    files = {}
    for kind in ("CSV", "JSON", "XLSX"):
        async with page.expect_download() as started:
            await page.get_by_role("link", name=kind, exact=True).click()
        files[kind] = tmp_path / (await started.value).suggested_filename
        await (await started.value).save_as(files[kind])
    assert read(files) == [sorted(labels)] * 3
    for kind, file in files.items():
        await session.execute(update(Parcel).where(Parcel.label != "left out").values(weight=1, sent_on=None))
        await session.commit()
        await page.goto("/admin/depot/parcels/import/")
        await page.get_by_label("File").set_input_files(file)
        await page.get_by_role("button", name="Upload").click()
        await page.get_by_label("Courier", exact=True).or_(page.get_by_label("courier", exact=True)).select_option("")
        await page.get_by_label("Rows that are there already").select_option(label="are found by “Label”, and changed")
        await page.get_by_role("button", name="Check the rows").click()
        await expect(page.get_by_text("New: 0. Changed: 6. As they are: 0.")).to_be_visible()
        await page.get_by_role("button", name="Import 6 rows").click()
        await expect(page.get_by_text("6 were changed"), kind).to_be_visible()
        found = await session.execute(select(Parcel.label, Parcel.weight, Parcel.sent_on, Parcel.stage))
        changed = sorted(tuple(row) for row in found if row.label != "left out")
        assert changed == [(one, 999_999, date(2026, 3, 29), Stage.WAITING) for one in sorted(labels)], kind
        await session.commit()


def read(files: dict[str, Path]) -> list[list[str]]:
    """The labels in the files, as a spreadsheet shows them and as programs read them."""
    cells = list(csv.reader(StringIO(files["CSV"].read_text())))[1:]
    assert not [row for row in cells if row[0].lstrip("'\"; ").startswith(("=", "+", "-")) and "'" not in row[0]]
    book = load_workbook(BytesIO(files["XLSX"].read_bytes()))
    rows = list(book.active.iter_rows(min_row=2))
    assert {row[0].data_type for row in rows} == {"s"}  # no formulas
    objects = json.loads(files["JSON"].read_text())
    written = {write_cell(one["label"]): one["label"] for one in objects}
    return [
        sorted(written[row[0]] for row in cells),
        sorted(one["label"] for one in objects),
        sorted(row[0].value for row in rows),
    ]
