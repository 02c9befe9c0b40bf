"""A field that one may not read is told by nothing, and one that one may not write is written by nothing."""

import pytest

from dovetail.database.unit_of_work import DATABASE
from tests.guarded.models import Note

BOTH = pytest.mark.parametrize("notes", ["/api/notes", "/api/loud_notes"])


@BOTH
async def test_a_hidden_field_is_absent_and_cannot_be_asked_about(callers, notes):
    for url in (f"{notes}/1", notes):
        answer = (await callers.owner.get(url)).json()
        for note in answer.get("items", [answer]):
            assert "grade" not in note
            assert note["person"] is None or "phone" not in note["person"]
    for query in ("grade=7", "grade__gt=1", "ordering=grade", "fields=grade", "person__phone=111"):
        assert (await callers.staff.get(f"{notes}?{query}")).status_code == 200
        assert (await callers.owner.get(f"{notes}?{query}")).status_code == 422, query
    assert len((await callers.staff.get(f"{notes}?search=111")).json()["items"]) == 1
    assert (await callers.owner.get(f"{notes}?search=111")).json()["items"] == []


@BOTH
async def test_a_tag_tells_nothing_of_a_hidden_field(callers, notes, app):
    tag = (await callers.owner.get(f"{notes}/1")).headers["ETag"]
    seen_by_staff = (await callers.staff.get(f"{notes}/1")).headers["ETag"]
    async with DATABASE.get(app).unit_of_work() as session:
        (await session.get(Note, 1)).grade = 8
    assert (await callers.owner.get(f"{notes}/1")).headers["ETag"] == tag
    assert (await callers.staff.get(f"{notes}/1")).headers["ETag"] != seen_by_staff
    changed = await callers.owner.patch(f"{notes}/1", json={"title": "x"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] == tag) == (200, False)
    stale = await callers.owner.patch(f"{notes}/1", json={"title": "y"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    by_staff = await callers.staff.patch(f"{notes}/1", json={"title": "y"}, headers={"If-Match": seen_by_staff})
    assert by_staff.status_code == 412


@BOTH
async def test_a_body_that_names_a_read_only_field_is_refused_and_the_field_is_named(callers, notes):
    whole = {"title": "x", "owner_id": 1, "grade": 1}
    for method, path, body, pointer in (
        ("POST", "", whole, "/grade"),
        ("PATCH", "/1", {"grade": 1}, "/grade"),
        ("PUT", "/1", whole, "/grade"),
        ("POST", "/bulk", {"items": [whole]}, "/items/0/grade"),
        ("PATCH", "/bulk", {"items": [{"id": 1, "grade": 1}]}, "/items/0/grade"),
    ):
        answer = await callers.owner.request(method, notes + path, json=body)
        assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (403, [pointer]), method
        assert (await callers.staff.request(method, notes + path, json=body)).is_success, method


@BOTH
async def test_a_replacement_keeps_what_its_writer_may_neither_read_nor_write(callers, notes):
    assert (await callers.owner.put(f"{notes}/1", json={"title": "x", "owner_id": 1})).status_code == 200
    assert (await callers.staff.get(f"{notes}/1")).json()["grade"] == 7
    assert (await callers.staff.put(f"{notes}/1", json={"title": "x", "owner_id": 1})).json()["grade"] == 0
