"""Import a file into the rows of a view."""

import json
import re
from datetime import UTC, datetime
from io import BytesIO

import pytest
from openpyxl import Workbook
from sqlalchemy import delete, select, update

from dovetail.contrib.admin.models import TABLES_EXPIRED, ImportedTable
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions import grants
from dovetail.contrib.history.models import RecordedChange
from tests.contrib.admin.cabinet.models import Paper
from tests.contrib.admin.depot.models import Courier, Parcel, Stage
from tests.contrib.admin.shelf.models import Book, Genre

PARCELS, BOOKS, PAPERS = "/depot/parcels/", "/shelf/book/", "/cabinet/paper/"
MISTAKE = re.compile(r"<tr><td[^>]*>(\d+)</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td></tr>")


def mistakes_in(answer) -> list[tuple[str, str, str]]:
    assert answer.status_code == 422
    return MISTAKE.findall(answer.text)


async def test_a_file_is_uploaded_mapped_checked_and_imported_and_then_forgotten(importing, session):
    ann = Courier(name="Ann")
    session.add(ann)
    await session.flush()
    ann_id = ann.id
    await session.commit()
    importer = importing(PARCELS)
    assert 'href="/admin/depot/parcels/import/"' in (await importer.office.get(PARCELS)).text
    address = await importer.upload(
        "parcels.csv",
        "\ufeffLabel;Weight;Stage;Is paid;sent_on;Courier;Remark\r\n"
        f"'-Anvil;90;delivered;yes;2026-11-28;{ann_id};heavy\r\n"
        '"Book; thick";;;;;;\r\n',
    )
    page = await importer.office.get(address)
    assert "parcels.csv: 2 rows" in page.text
    german = await importer.office.client.get(f"/admin{address}", headers={"Accept-Language": "de"})
    assert "parcels.csv: 2 Zeilen" in german.text
    assert "Book; thick" in page.text
    checked = await importer.step(address, "check")
    assert "New: 2. Changed: 0. As they are: 0." in checked.text
    assert await session.scalar(select(Parcel.id)) is None
    await session.rollback()
    done = await importer.step(address, "import")
    assert done.headers["location"] == "/admin/depot/parcels/"
    assert "2 rows were added, 0 were changed, and 0 are as they were." in (await importer.office.get(PARCELS)).text
    anvil, book = (await session.scalars(select(Parcel).order_by(Parcel.id))).all()
    assert (anvil.label, anvil.weight, anvil.stage, anvil.is_paid) == ("-Anvil", 90, Stage.DELIVERED, True)
    assert (str(anvil.sent_on), anvil.courier_id) == ("2026-11-28", ann_id)
    assert (book.label, book.weight, book.stage, book.is_paid) == ("Book; thick", 1, Stage.WAITING, False)
    lines = (await session.scalars(select(RecordedChange).where(RecordedChange.model.contains("parcel")))).all()
    assert [(str(line.action), str(line.door)) for line in lines] == [("add", "import")] * 2
    assert await session.scalar(select(ImportedTable.id)) is None
    assert (await importer.office.get(address)).status_code == 404


async def test_each_mistake_is_told_by_line_and_column_and_nothing_is_imported_then(importing, session):
    session.add(Parcel(label="Anvil"))
    await session.commit()
    importer = importing(PARCELS)
    rows = ["Book,1,,", ",1,,", "Chair,heavy,flying,maybe", "Anvil,2,,", f"{'x' * 51},3,,", "Dice,4,waiting,no"]
    address = await importer.upload("parcels.csv", "\n".join(["label,weight,stage,is_paid", *rows]))
    for step in ("check", "import"):
        told = mistakes_in(await importer.step(address, step))
        assert [one[:2] for one in told] == [
            ("3", "label"),
            ("4", "weight"),
            ("4", "stage"),
            ("4", "is_paid"),
            ("5", "label"),
            ("6", "label"),
        ]
        assert told[0][2] == "This field is required."
        assert told[3][2] == "Expected yes or no, true or false, 1 or 0."
        assert told[2][2] == "Expected one of these: Waiting, On its way, Delivered."
        assert told[4][2] == "Something with this value already exists."
        assert (await session.scalars(select(Parcel.label))).all() == ["Anvil"]
        await session.rollback()
    assert await session.scalar(select(RecordedChange.id).where(RecordedChange.door == "import")) is None


async def test_what_is_to_be_different_in_every_row_is_told_together_with_all_else_that_is_wrong(importing, session):
    # Keys that PostgreSQL does not draw meanwhile.
    session.add_all([Parcel(id=7007, label="Anvil"), Parcel(id=7008, label="Book")])
    await session.commit()
    importer = importing(PARCELS)
    exists = "Something with this value already exists."
    rows = ["Chair,1", "Anvil,heavy", "Chair,2", "Chair,light", "Book,3", ",4", "chair,5"]
    address = await importer.upload("p.csv", "\n".join(["label,weight", *rows]))
    number = "Input should be a valid integer, unable to parse string as an integer."
    assert mistakes_in(await importer.step(address, "check")) == [
        ("3", "label", exists),
        ("3", "weight", number),
        ("4", "label", "This is in line 2 already."),
        ("5", "label", "This is in line 2 already."),
        ("5", "weight", number),
        ("6", "label", exists),
        ("7", "label", "This field is required."),
    ]
    address = await importer.upload("p.csv", "id,label,weight\n7007,Book,heavy\n7008,Book,2\n")
    assert mistakes_in(await importer.step(address, "check")) == [
        ("2", "label", exists),
        ("2", "weight", number),
        ("3", "label", "This is in line 2 already."),
    ]
    many = [f"P{number},1" for number in range(60)]  # so that the first are written before the last are looked at
    address = await importer.upload("p.csv", "\n".join(["label,weight", *many, "P3,heavy"]))
    assert [one[:2] for one in mistakes_in(await importer.step(address, "check"))] == [
        ("62", "label"),
        ("62", "weight"),
    ]
    address = await importer.upload("p.csv", "id,label\n7007,Dice\n7008,Anvil\n")  # what was the other's
    assert (await importer.step(address, "import")).status_code == 303
    found = (await session.execute(select(Parcel.id, Parcel.label).order_by(Parcel.id))).all()
    assert found == [(7007, "Dice"), (7008, "Anvil")]


async def test_rows_are_found_by_key_or_by_a_unique_column_and_only_what_differs_is_changed(importing, session):
    session.add_all([Parcel(id=7, label="Anvil", weight=90, note="kept"), Parcel(id=8, label="Book", weight=2)])
    await session.commit()
    importer = importing(PARCELS)
    address = await importer.upload("p.json", json.dumps([{"id": 7, "weight": 91}, {"id": 8, "weight": 2}]))
    checked = await importer.step(address, "check")
    assert "New: 0. Changed: 1. As they are: 1." in checked.text
    assert (await importer.step(address, "import")).status_code == 303
    assert (await session.execute(select(Parcel.label, Parcel.weight, Parcel.note).where(Parcel.id == 7))).one() == (
        "Anvil",
        91,
        "kept",
    )
    await session.rollback()
    address = await importer.upload("p.csv", "Label,Weight\nAnvil,1\nChair,3\n")
    assert (await importer.step(address, "import", match="label")).status_code == 303
    found = (await session.execute(select(Parcel.label, Parcel.weight).order_by(Parcel.label))).all()
    assert found == [("Anvil", 1), ("Book", 2), ("Chair", 3)]
    await session.rollback()
    address = await importer.upload("p.csv", "ID,Weight\n7,1\n07,2\nseven,3\n99,4\n")
    assert mistakes_in(await importer.step(address, "check")) == [
        ("3", "ID", "This is in line 2 already."),
        ("4", "ID", "This is not a key."),
        ("5", "ID", "There is no row with this key, or none that you may see."),
    ]


async def test_what_cannot_be_meant_is_asked_again_before_a_row_is_looked_at(importing):
    importer = importing(PARCELS)
    address = await importer.upload("p.csv", "a,b\n1,2\n")
    for chosen, told in (
        ({}, "Say of one column at least what it is."),
        ({"column-0": "weight"}, "No column is “Label”, which every new row needs."),
        ({"column-0": "label", "column-1": "label"}, "“Label” is chosen for two columns."),
        ({"column-0": "weight", "match": "label"}, "Rows are to be found by “Label”, which is chosen for no column."),
    ):
        answer = await importer.step(address, "check", **chosen)
        assert answer.status_code == 422
        assert told in answer.text
    assert (await importer.step(address, "check", **{"column-0": "label", "column-1": "no such"})).status_code == 200


async def test_related_objects_are_named_by_what_is_unique_of_them_and_hooks_refuse_rows_by_line(
    importing, session, boss
):
    genres = [Genre(name="Crime"), Genre(name="War, old"), Genre(name="Hush", is_secret=True)]
    session.add_all([*genres, Book(title="Old", pages=1)])
    await session.commit()
    importer = importing(BOOKS)
    columns = {"column-0": "title", "column-1": "owner.username", "column-2": "genres.name"}
    head = {"Title": "Ants", "Owner": "boss", "Genres": ["Crime", "War, old"]}
    address = await importer.upload("b.json", json.dumps([head, {"Title": "Old", "Genres": ["Crime"]}]))
    assert (await importer.step(address, "import", **columns, match="title")).status_code == 303
    found = (await session.execute(select(Book.title, Book.owner_id, Genre.name).join(Book.genres))).all()
    assert sorted(found, key=str) == [("Ants", boss.id, "Crime"), ("Ants", boss.id, "War, old"), ("Old", None, "Crime")]
    await session.rollback()
    rows = ["Bees,nobody,", "Forbidden,,", "Cats,,Hush", "Late,boss,Crime"]
    address = await importer.upload("b.csv", "\n".join(["title,owner,genres", *rows]))
    assert mistakes_in(await importer.step(address, "check", **columns)) == [
        ("2", "owner", "There is no “nobody” that you may choose."),
        ("3", "the whole row", "This title is not for sale."),
        ("4", "genres", "There is no “Hush” that you may choose."),
        ("5", "the whole row", "Too late for this one."),
    ]


async def test_a_cell_that_is_no_key_of_what_may_be_chosen_is_told_as_one(importing, session):
    session.add_all([war := Genre(name="War"), Genre(name="Hush", is_secret=True)])
    await session.commit()
    importer = importing(BOOKS)
    rows = ["Bees,nobody,", f"Cats,,{war.id}; 999; Crime", f"Dogs,,{war.id}"]
    address = await importer.upload("b.csv", "\n".join(["title,owner,genres", *rows]))
    no_key = "There is no “{}” that you may choose; expected a key."
    assert mistakes_in(await importer.step(address, "check")) == [
        ("2", "owner", no_key.format("nobody")),
        ("3", "genres", f"{no_key.format('999')} {no_key.format('Crime')}"),
    ]


async def test_all_that_is_wrong_with_a_row_is_told_at_once_keys_that_lead_nowhere_among_it(importing, session):
    session.add_all([war := Genre(name="War"), Genre(name="Hush", is_secret=True)])
    await session.commit()
    importer = importing(BOOKS)
    rows = [f"{'x' * 500},nobody,999", f",,{war.id}", "Ants,,"]
    address = await importer.upload("b.csv", "\n".join(["title,owner,genres", *rows]))
    told = mistakes_in(await importer.step(address, "check"))
    assert [one[:2] for one in told] == [("2", "title"), ("2", "owner"), ("2", "genres"), ("3", "title")]


async def test_rules_of_rows_and_fields_hold_for_imports_as_they_do_for_forms(
    importing, session, make_user, back_office_for
):
    verbs = [f"cabinet.{verb}_paper" for verb in ("view", "add", "change")]
    session.add_all([Permission(name=name, plugin="cabinet", title=name) for name in verbs])
    clara, other = await make_user(username="clara", is_staff=True), await make_user(username="other")
    await grants.grant(session, clara, [*verbs, "auth.view_user"])
    rows = [(clara, 1), (other, 2), (other, 4), (clara, 5)]
    papers = [Paper(title=f"P{level}", owner_id=owner.id, level=level) for owner, level in rows]
    session.add_all(papers)
    await session.flush()
    mine, foreign, unseen, locked = (paper.id for paper in papers)
    await session.commit()
    importer = importing(PAPERS, await back_office_for(clara))
    upload = (await importer.office.get(f"{PAPERS}import/")).text
    assert "<li>Title" in upload
    assert "Remark" not in upload
    assert "Level" not in upload
    lines = ["id,title,owner", f"{mine},Mine,", f"{foreign},Foreign,", f"{unseen},Unseen,"]
    lines += [f"{locked},Locked,", ",New,clara", ",Alien,other"]
    address = await importer.upload("p.csv", "\n".join(lines))
    told = mistakes_in(await importer.step(address, "check", **{"column-2": "owner.username"}))
    assert [(line, message) for line, _, message in told] == [
        ("2", "This field is required."),
        ("3", "This paper is not yours to change."),
        ("4", "There is no row with this key, or none that you may see."),
        ("4", "This field is required."),
        ("5", "This paper is not yours to change."),
        ("7", "This paper is not yours to add."),
    ]
    await session.execute(delete(Permission).where(Permission.name == "cabinet.add_paper"))
    await session.commit()
    importer = importing(PAPERS, await back_office_for(clara))
    address = await importer.upload("p.csv", f"id,title\n{mine},Mine now\n,New\n")
    told = mistakes_in(await importer.step(address, "check"))
    assert told == [("3", "the whole row", "There is no such row yet, and you may not add any.")]
    await session.execute(delete(Permission).where(Permission.name == "cabinet.change_paper"))
    await session.commit()
    reader = await back_office_for(clara)
    assert (await reader.get(f"{PAPERS}import/")).status_code == 403
    assert "Import" not in (await reader.get(PAPERS)).text


async def test_an_import_is_closed_unless_a_view_opens_it(importing):
    importer = importing("/depot/relabelled/")
    assert (await importer.office.get("/depot/relabelled/import/")).status_code == 403
    assert (await importer.send("p.csv", "label\nx\n")).status_code == 403
    assert "/import/" not in (await importer.office.get("/depot/relabelled/")).text


async def test_many_rows_take_few_statements_whatever_their_number(importing, count_statements, session):
    importer = importing(PARCELS)

    async def statements_of(first: int, count: int) -> int:
        lines = ["label,weight,courier", *(f"P{number},{number}," for number in range(first, first + count))]
        address = await importer.upload("p.csv", "\n".join(lines))
        with count_statements() as statements:
            assert (await importer.step(address, "import", match="label")).status_code == 303
        return sum("INSERT INTO depot_parcel" not in one for one in statements)  # SQLite adds one by one

    few = await statements_of(0, 10)
    assert await statements_of(100, 40) == few
    assert len((await session.scalars(select(Parcel.id))).all()) == 50


async def test_a_table_is_its_users_own_and_kept_for_an_hour_at_most(
    importing, session, make_user, back_office_for, app
):
    importer = importing(PARCELS)
    address = await importer.upload("p.csv", "label\nwhispered\n")
    kept = (await session.scalars(select(ImportedTable))).one()
    assert "whispered" not in kept.head + kept.rest
    await session.rollback()
    other = await back_office_for(await make_user(username="other", is_superuser=True))
    assert (await other.get(address)).status_code == 404
    assert (await other.post(address, {"step": "check", "column-0": "label"})).status_code == 404
    assert (await importer.office.get(address.replace("parcels", "couriers"))).status_code in {403, 404}
    for _ in range(3):
        await importer.upload("p.csv", "label\nx\n")
    assert len((await session.scalars(select(ImportedTable.id))).all()) == 3
    await session.rollback()
    assert (await importer.office.get(address)).status_code == 404
    address = await importer.upload("p.csv", "label\nx\n")
    assert (await importer.step(address, "forget")).headers["location"] == "/admin/depot/parcels/"
    assert (await importer.office.get(address)).status_code == 404
    address = await importer.upload("p.csv", "label\nx\n")
    await session.execute(update(ImportedTable).values(expires_at=datetime.now(UTC)))
    await session.commit()
    assert (await importer.office.get(address)).status_code == 404
    _, model, is_over = TABLES_EXPIRED
    await session.execute(delete(model).where(is_over(None)))
    assert (await session.scalars(select(model.id))).all() == []


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("", "", "Choose a file."),
        ("p.xls", "x", "Files to import end in .csv, .tsv, .txt, .json, .xlsx; save .xls and .ods as .xlsx."),
        ("p.csv", "label\n", "The file has no rows below its headings."),
        ("p.csv", "label\n" + "x\n" * 201, "The file has more than 200 rows. Import it in parts."),
    ],
    ids=["no file", "another kind", "no rows", "too many rows"],
)
async def test_a_file_that_cannot_be_read_is_told_on_the_page_that_takes_files(importing, name, content, told):
    answer = await importing(PARCELS).send(name, content)
    assert answer.status_code == 422
    assert told in answer.text


async def test_a_workbook_is_imported_as_it_is_exported(importing, session):
    session.add_all([Parcel(label="=1+1", weight=3, is_paid=True), Parcel(label="Book")])
    await session.commit()
    book = Workbook()
    book.active.append(["Label", "Weight", "Sent on"])
    book.active.append(["=1+1", 4.0, datetime(2026, 11, 28)])  # noqa: DTZ001 - a workbook knows no zones
    book.active["A2"].data_type = "s"
    content = BytesIO()
    book.save(content)
    importer = importing(PARCELS)
    address = await importer.upload("p.xlsx", content.getvalue())
    assert (await importer.step(address, "import", match="label")).status_code == 303
    found = (await session.execute(select(Parcel.weight, Parcel.sent_on).where(Parcel.label == "=1+1"))).one()
    assert (found.weight, str(found.sent_on)) == (4, "2026-11-28")


@pytest.mark.parametrize("target", ["genres", "genres.name"])
async def test_cells_that_name_tens_of_thousands_of_related_rows_are_looked_up_by_parts(importing, session, target):
    session.add(Genre(name="1"))
    await session.commit()
    importer = importing(BOOKS)
    rows = [{"title": f"B{row}", target: [1000 * row + one for one in range(1, 1001)]} for row in range(40)]
    address = await importer.upload("books.json", json.dumps(rows))
    found = mistakes_in(await importer.step(address, "check"))
    assert len(found) == 40
    assert all(told.count("There is no") in {1, 10} for _, _, told in found)
    missing = [{"title": "B", target: ["1", None]}, {"title": "C", target: ",".join(map(str, range(1001)))}]
    address = await importer.upload("books.json", json.dumps(missing))
    told = [mistake for _, _, mistake in mistakes_in(await importer.step(address, "check"))]
    assert told == ["A value is missing that has to be there.", "A cell takes 1,000 values at most."]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_file_that_somebody_imports_at_this_moment_is_imported_by_nobody_else(importing, session):
    importer = importing(BOOKS)
    address = await importer.upload("books.csv", "title\nDune\n")
    await session.scalar(select(ImportedTable.id).with_for_update())  # as the first of two imports has it
    second = await importer.step(address, "import")
    assert second.status_code == 409
    assert "This file is being imported already, or it was." in second.text
    await session.rollback()
    assert (await importer.step(address, "import")).status_code == 303
    assert (await session.scalars(select(Book.title))).all() == ["Dune"]
