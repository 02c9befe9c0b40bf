"""What was done after a change decides whether it can be undone, and an undo that is refused tells it."""

from asyncio import gather

from sqlalchemy import delete, update

from dovetail.contrib.history.undoing import later_lines
from plugins.blog.models import Post, Tag
from tests.contrib.history.undoing.test_undo import last, picture

KEY = 10**12


async def test_of_two_undos_at_once_one_is_refused_and_says_who_has_undone_it(
    post,
    boss,
    client_for,
    database,
):
    api = await client_for(boss)
    before = await picture(database)
    for statement in (
        update(Post).where(Post.id == post).values(title="Coffee"),
        update(Post).values(view_count=Post.view_count + 1, title="Same"),
        delete(Post).where(Post.id == post),
    ):
        async with database.unit_of_work() as session:
            await session.execute(statement)
        number = (await last(database, "blog.post", key=post)).id
        answers = await gather(*(api.post(f"/api/history/{number}/undo") for _ in range(2)))
        assert sorted(one.status_code for one in answers) == [200, 409]
        (refused,) = [one.json()["detail"] for one in answers if one.status_code == 409]
        assert refused.startswith("This was undone already, by boss on 2")
        assert await picture(database) == before


async def test_an_undo_never_changes_another_object_that_has_the_same_key_now(
    boss,
    client_for,
    database,
    monkeypatch,
):
    monkeypatch.setattr(later_lines, "MAX_LOOKED_AT", 1)  # however often the object has come back by an undo
    api = await client_for(boss)
    async with database.unit_of_work() as session:
        session.add(Tag(id=KEY, name="tea"))
    async with database.unit_of_work() as session:
        (await session.get_one(Tag, KEY)).name = "coffee"
    changed = (await last(database, "blog.tag")).id
    async with database.unit_of_work() as session:
        await session.execute(delete(Tag).where(Tag.id == KEY))
    assert (await api.post(f"/api/history/{(await last(database, 'blog.tag')).id}/undo")).status_code == 200
    assert (await api.post(f"/api/history/{changed}/undo")).status_code == 200  # it is the same object again
    async with database.unit_of_work() as session:
        await session.execute(delete(Tag).where(Tag.id == KEY))
    assert (await api.post(f"/api/history/{(await last(database, 'blog.tag')).id}/undo")).status_code == 200
    async with database.unit_of_work() as session:
        await session.execute(delete(Tag).where(Tag.id == KEY))
    async with database.unit_of_work() as session:
        session.add(Tag(id=KEY, name="tea"))
    again = (await last(database, "blog.tag", "change")).id
    refused = await api.post(f"/api/history/{again}/undo")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        f"This cannot be undone: blog.tag {KEY} was deleted since, and another object has its key now.",
    )
    async with database.unit_of_work(read_only=True) as session:
        assert (await session.get_one(Tag, KEY)).name == "tea"
