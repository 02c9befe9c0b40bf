"""Fields that are readonly or disabled: shown, and not written whatever a request says."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from tests.contrib.admin.drawer.models import Colour, Shelf, Specimen

FORGED = {
    "name": "Forged",
    "notes": "Forged",
    "is_good": "y",
    "colour": "red",
    "seen_at": "2001-01-01 00:00:00",
    "shelf": "b",
}


@pytest.fixture
async def specimen(session):
    shelves = [Shelf(key="a", label="Upper"), Shelf(key="b", label="Lower")]
    specimen = Specimen(
        name="Ammonite",
        notes="Old",
        colour=Colour.BLUE,
        seen_at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        shelf=shelves[0],
        whole=1,
    )
    session.add_all([*shelves, specimen])
    await session.commit()
    return specimen


async def stored(session) -> Specimen:
    session.expire_all()
    found = await session.scalar(select(Specimen).order_by(Specimen.id.desc()))
    await session.commit()
    return found


async def test_a_forged_request_writes_no_protected_field(office, session, specimen):
    answer = await office.submit(f"/drawer/sealed/{specimen.id}/change/", {**FORGED, "whole": "2"})
    assert answer.status_code == 303
    found = await stored(session)
    assert (found.name, found.notes, found.is_good, found.colour) == ("Ammonite", "Old", False, Colour.BLUE)
    assert (found.seen_at, found.shelf_key) == (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "a")
    assert found.whole == 2


@pytest.mark.parametrize("nonsense", [{"seen_at": "nonsense"}, {"colour": "nonsense"}, {"shelf": "nonsense"}])
async def test_what_a_request_says_of_a_protected_field_is_not_even_looked_at(office, session, specimen, nonsense):
    assert (await office.submit(f"/drawer/sealed/{specimen.id}/change/", {**nonsense, "whole": "2"})).status_code == 303
    assert (await stored(session)).whole == 2


async def test_a_browser_leaves_disabled_fields_out_and_nothing_is_missed(office, session, specimen):
    answer = await office.submit(f"/drawer/sealed/{specimen.id}/change/", {**dict.fromkeys(FORGED), "whole": "3"})
    assert answer.status_code == 303
    assert (await stored(session)).name == "Ammonite"


async def test_a_new_object_takes_nothing_from_protected_fields(office, session, specimen):
    # The name must be there and cannot be given, so the database says that it is missing.
    answer = await office.submit("/drawer/sealed/add/", {**FORGED, "whole": "2"})
    assert answer.status_code == 409
    assert "Nothing was saved." in answer.text
    assert (await stored(session)).id == specimen.id


async def test_protected_fields_look_protected(office, specimen):
    page = (await office.get(f"/drawer/sealed/{specimen.id}/change/")).text
    for name, words in (
        ("name", "readonly"),
        ("notes", "disabled"),
        ("is_good", "disabled"),
        ("colour", "disabled"),
        ("seen_at", 'readonly="readonly"'),
        ("shelf", "disabled"),
    ):
        control = page[page.index(f'id="field-{name}"') - 300 : page.index(f'id="field-{name}"') + 300]
        assert words in control[: control.index(">", 300)], name
    assert "readonly" not in page[page.index('id="field-whole"') : page.index(">", page.index('id="field-whole"'))]
