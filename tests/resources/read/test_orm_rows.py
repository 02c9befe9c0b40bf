"""Rows that the ORM loads, since their schema needs Python, are whole wherever an answer meets them."""

from pydantic import computed_field

from dovetail.api.schemas import Schema
from dovetail.resources.resource import Open, Resource
from tests.library.models import Review


class Shouting(Schema):
    id: int

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way to write it
    @property
    def shout(self) -> str:
        return f"{self.id}!"


class Threaded(Shouting):
    parent: Shouting | None
    replies: list[Shouting]


async def test_a_row_that_another_row_of_the_page_leads_to_has_its_own_related_rows(app, owner, session, shelf):
    first, second, third = (Review(text="x", book_id=shelf[0].id) for _ in range(3))
    second.parent, third.parent = first, second
    session.add_all([first, second, third])
    await session.commit()
    app.include_router(Resource(model=Review, read=Threaded, policy=Open(), name="thread", without={"create"}).router)

    page = await owner.get("/threads")

    assert page.status_code == 200, page.text
    keys = [first.id, second.id, third.id]
    found = [one for one in page.json()["items"] if one["id"] in keys]
    assert [(one["parent"] or {}).get("id") for one in found] == [None, first.id, second.id]
    assert [[reply["id"] for reply in one["replies"]] for one in found] == [[second.id], [third.id], []]
