"""An export with all columns that can be imported brings back the same rows, as new ones and as changes."""

import json
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions import grants
from tests.contrib.admin.depot.models import Courier, Parcel, Stage
from tests.contrib.admin.shelf.models import Book, Genre

HEADINGS = "Key (ID),Label,Weight,Stage,Is paid,Sent on,Courier"
KINDS = ("csv", "json", "xlsx")
PARCELS, BOOKS = "/depot/parcels/", "/shelf/book/"


async def parcels_of(session) -> list[tuple[object, ...]]:
    columns = (Parcel.label, Parcel.weight, Parcel.stage, Parcel.is_paid, Parcel.sent_on, Parcel.courier_id)
    found = [tuple(row) for row in await session.execute(select(*columns).order_by(Parcel.label))]
    await session.rollback()
    return found


async def books_of(session) -> list[tuple[object, ...]]:
    asked = select(Book).options(selectinload(Book.genres)).order_by(Book.title)
    books = (await session.scalars(asked.execution_options(populate_existing=True))).all()
    found = [(one.title, one.notes, one.pages, one.owner_id, sorted(map(str, one.genres))) for one in books]
    await session.rollback()
    return found


async def import_back(importing, session, path, model, read) -> dict[str, tuple[bool, list[tuple[object, ...]]]]:
    """Import the file of each kind over the rows, and again after they are deleted.

    Return by kind whether the first import found all as they are, and the rows after the second.
    """
    count, importer = len(await read(session)), importing(path)
    page, found = (await importer.office.get(path)).text, {}
    assert "With all columns that can be imported" in page
    for kind in KINDS:
        assert f"{path}export/{kind}/?_columns=import" in page
        file = (await importer.office.get(f"{path}export/{kind}/", _columns="import")).content
        address = await importer.upload(f"rows.{kind}", file)
        checked = await importer.step(address, "check")
        await session.execute(delete(model))
        await session.commit()
        done = await importer.step(address, "import", match="")
        assert done.status_code == 303, (kind, done.text)
        found[kind] = f"New: 0. Changed: 0. As they are: {count}." in checked.text, await read(session)
    return found


async def test_the_columns_of_a_form_come_back_the_same(importing, session):
    session.add(ann := Courier(name="Ann, Ltd."))
    await session.flush()
    texts = ("=1+1", "'; -x", "Two\tparts", '"Größe", 😀')
    rest = {"weight": 999_999, "stage": Stage.ON_ITS_WAY, "is_paid": True, "sent_on": date(2026, 3, 29)}
    session.add_all([Parcel(label=one, courier_id=ann.id, **rest) for one in texts])
    session.add(Parcel(label="plain"))
    await session.commit()
    before = await parcels_of(session)
    assert len(before) == len(texts) + 1
    found = await import_back(importing, session, PARCELS, Parcel, parcels_of)
    assert found == dict.fromkeys(KINDS, (True, before))


async def test_related_objects_come_back_by_their_keys(importing, session, boss):
    genres = [Genre(name="Art, and more"), Genre(name="Zoo")]
    session.add_all(
        [
            Book(title="Ants", notes="Two\nlines, and more", pages=12, owner_id=boss.id, genres=genres),
            Book(title="Bees", genres=genres[1:]),
            Book(title="Cats"),
        ]
    )
    await session.commit()
    before = await books_of(session)
    assert [genres for *_, genres in before] == [["Art, and more", "Zoo"], ["Zoo"], []]
    found = await import_back(importing, session, BOOKS, Book, books_of)
    assert found == dict.fromkeys(KINDS, (True, before))
    exported = (await importing(BOOKS).office.get(f"{BOOKS}export/json/", _columns="import", search="ants")).text
    (ants,) = json.loads(exported)
    assert list(ants) == ["id", "title", "notes", "pages", "owner", "genres"]
    assert ants["owner"] == str(boss.id)


async def test_only_who_may_change_rows_exports_what_forms_hold(importing, session, make_user, back_office_for):
    clara = await make_user(username="clara", is_staff=True)
    verbs = ["depot.view_parcel", "depot.add_parcel"]
    session.add_all([Permission(name=name, plugin="depot", title=name) for name in (*verbs, "depot.change_parcel")])
    await grants.grant(session, clara, verbs)
    await session.commit()
    office = await back_office_for(clara)
    page = (await office.get(PARCELS)).text
    assert (f"{PARCELS}export/csv/" in page, "_columns=import" in page) == (True, False)
    assert (await office.get(f"{PARCELS}export/csv/", _columns="import")).status_code == 404
    await grants.grant(session, clara, ["depot.change_parcel"])
    await session.commit()
    assert (await office.get(f"{PARCELS}export/csv/", _columns="import")).text == f"{HEADINGS}\r\n"
    assert (await office.get(f"{PARCELS}export/csv/", _columns="x")).status_code == 404
