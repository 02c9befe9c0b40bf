"""What is told after a deletion names the object by its title, as its own page did."""

from dovetail.contrib.auth.models import User


async def test_a_user_who_was_deleted_is_named(office, session, make_user):
    ann = await make_user(username="ann")
    await session.commit()
    await office.post(f"/auth/user/{ann.id}/delete/", {"confirmed": "yes"})
    assert await session.get(User, ann.id, populate_existing=True) is None
    said = (await office.get("/")).text
    assert "ann was deleted." in said
    assert f"User {ann.id}" not in said
