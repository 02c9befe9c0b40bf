"""A file of JSON tells texts from other values, so that what was exported is imported as it was."""

import json

import pytest
from sqlalchemy import JSON, select, type_coerce

from tests.contrib.admin.depot.models import DepotBase
from tests.contrib.admin.drawer.models import DrawerBase, Specimen
from tests.contrib.admin.shelf.models import ShelfBase


@pytest.fixture
def more():
    bases = {"shelf": ShelfBase, "drawer": DrawerBase, "depot": DepotBase}
    return {f"tests.contrib.admin.{name}": base for name, base in bases.items()}


FACTS = ["bare", "", "[1]", '"quoted"', "12", "null", 12, 1.5, True, [], ["a", None], {"a": []}]


async def test_json_of_every_kind_is_imported_as_the_file_has_it(importing, session):
    importer = importing("/drawer/specimen/")
    rows = [{"name": f"No {place}", "facts": value} for place, value in enumerate(FACTS)]
    address = await importer.upload("s.json", json.dumps(rows))
    answer = await importer.step(address, "import")
    assert answer.status_code == 303, answer.text
    found = await session.scalars(select(type_coerce(Specimen.facts, JSON)).order_by(Specimen.id))
    assert found.all() == FACTS


async def test_an_empty_text_of_a_file_is_a_text_and_null_is_nothing(importing, session):
    importer = importing("/drawer/specimen/")
    rows = [{"name": "A", "notes": ""}, {"name": "B", "notes": None}, {"name": "C", "notes": "x"}, {"name": "D"}]
    address = await importer.upload("s.json", json.dumps(rows))
    answer = await importer.step(address, "import")
    assert answer.status_code == 303, answer.text
    assert (await session.scalars(select(Specimen.notes).order_by(Specimen.name))).all() == ["", None, "x", None]
    await session.commit()
    address = await importer.upload("s.csv", "name,notes\nE,\n")  # which cannot tell the two
    assert (await importer.step(address, "import")).status_code == 303
    assert await session.scalar(select(Specimen.notes).where(Specimen.name == "E")) is None
