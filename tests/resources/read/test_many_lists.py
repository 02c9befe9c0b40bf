"""An object may hold any number of lists, which one statement reads."""

from dovetail.resources.resource import Open, Resource
from tests.library.models import Book, Review

FIELDS = ("title", "reviews.text", "kind_reviews.text", "genres.name", "best_reviews.stars")


async def test_four_lists_of_an_object_are_answered_side_by_side(app, owner, session, shelf):
    book = shelf[0]
    rated = (("kind", 1, True), ("best", 5, False))
    session.add_all(Review(text=text, stars=stars, is_kind=kind, book_id=book.id) for text, stars, kind in rated)
    await session.commit()
    app.include_router(Resource(model=Book, fields=FIELDS, policy=Open(), name="listing", without={"create"}).router)

    one = (await owner.get(f"/listings/{book.id}")).json()
    page = (await owner.get("/listings")).json()

    assert {"text": "kind"} in one["reviews"]
    assert {"text": "kind"} in one["kind_reviews"]
    assert {"text": "best"} not in one["kind_reviews"]
    assert {"stars": 5} in one["best_reviews"]
    assert {"stars": 1} not in one["best_reviews"]
    assert one in page["items"]
