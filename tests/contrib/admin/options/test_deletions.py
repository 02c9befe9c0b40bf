"""What a view says, and what the ORM does, before something is deleted."""

from sqlalchemy import func, select

from tests.contrib.admin.atelier.models import Artist, Painting
from tests.contrib.admin.deleting.test_confirmation import in_words


async def test_a_view_says_itself_what_goes_and_what_stands_in_the_way(office, session, paintings):
    keys = [str(one.id) for one in paintings]
    page = in_words((await office.get("/atelier/hooked/delete/", pks=keys[2])).text)
    assert "This goes along Frames A golden frame" in page
    assert "What is deleted in all Kind Number Frames 1 Nails 2" in page
    assert "This can be undone for 30 days." in page
    refused = await office.post("/atelier/hooked/delete/", {"pks": keys[:3], "confirmed": "yes"})
    assert refused.status_code == 409
    assert "you may not delete them. walls" in in_words(refused.text)
    assert "stands in the way. Change or delete it first. The Milkmaid View of Delft" in in_words(refused.text)
    assert await session.scalar(select(func.count()).select_from(Painting)) == 4


async def test_what_the_orm_lets_go_of_is_told(office, session, paintings):
    artist = paintings[0].artist_id
    page = in_words((await office.get("/atelier/artist/delete/", pks=str(artist))).text)
    assert "This stays, and no longer refers to what is deleted Paintings: 2 View of Delft The Milkmaid" in page
    await office.post("/atelier/artist/delete/", {"pks": [str(artist)], "confirmed": "yes"})
    left = await session.scalars(
        select(Painting.artist_id).order_by(Painting.id).execution_options(populate_existing=True)
    )
    assert left.all() == [None, None, paintings[2].artist_id, None]
    assert await session.scalar(select(func.count()).select_from(Artist)) == 1
