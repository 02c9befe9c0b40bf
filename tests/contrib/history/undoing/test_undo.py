"""Undo: all that was done in a transaction is taken back in one, or it is refused and nothing is."""

import re
from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import selectinload

from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.history.models import RecordedChange
from dovetail.database.unit_of_work import Database
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment
from tests.contrib.history.test_pages import page_of


async def undo(app, office, pk: object, number: int, identity: str = "blog/post"):
    return await office.submit(page_of(app, "object-history", identity=identity, pk=pk), {"change": str(number)})


async def refused_undo(app, office, pk: object, number: int, identity: str = "blog/post"):
    """The page of the history to which an undo leads that is refused."""
    answer = await undo(app, office, pk, number, identity)
    where = f"{office.root}{page_of(app, 'object-history', identity=identity, pk=pk)}?refused={number}"
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    page = await office.client.get(where)
    assert page.status_code == 200
    assert re.search(r'class="alert alert-danger', page.text)
    return page


async def last(database: Database, model: str, action: str | None = None, key: object = None) -> RecordedChange:
    statement = select(RecordedChange).where(RecordedChange.model == model).order_by(RecordedChange.id.desc()).limit(1)
    if key is not None:
        statement = statement.where(RecordedChange.object_key == str(key))
    if action is not None:
        statement = statement.where(RecordedChange.action == action)
    async with database.unit_of_work(read_only=True) as session:
        return (await session.scalars(statement)).one()


async def picture(database: Database) -> list[Sequence[object]]:
    """All there is, but for when it was changed last."""
    async with database.unit_of_work(read_only=True) as session:
        posts = (await session.scalars(select(Post).options(selectinload(Post.tags)).order_by(Post.id))).all()
        comments = (await session.scalars(select(Comment).order_by(Comment.id))).all()
        told = [
            (one.id, one.title, one.view_count, one.created_at, sorted(tag.name for tag in one.tags)) for one in posts
        ]
        return [
            *told,
            *((one.id, one.post_id, one.parent_id, one.content, one.status, one.created_at) for one in comments),
        ]


async def test_a_change_a_bulk_edit_and_a_cascading_deletion_can_be_undone_and_redone(
    app, office, post, boss, database
):
    async with database.unit_of_work() as session:
        session.add_all([Post(title=f"Nr {n}", content="C", author_id=boss.id, view_count=n) for n in range(3)])
    before = await picture(database)
    async with database.unit_of_work() as session:
        found = await session.get_one(Post, post, options=[selectinload(Post.tags)])
        found.title, found.tags = "Coffee", [Tag(name="y")]
    changed = await last(database, "blog.post")
    page = await office.get(page_of(app, "object-history", identity="blog/post", pk=post))
    assert "Undo with 3 more" in page.text
    assert (await undo(app, office, post, changed.id)).status_code == 303
    page = await office.get(page_of(app, "object-history", identity="blog/post", pk=post))
    assert "The change was undone, with 4 changes in all." in page.text
    assert f"undoes change {changed.id}" in page.text
    assert await picture(database) == before

    async with database.unit_of_work() as session:
        await session.execute(update(Post).values(view_count=Post.view_count + 10, title="Same"))
    assert (await undo(app, office, post, (await last(database, "blog.post", key=post)).id)).status_code == 303
    assert await picture(database) == before

    async with database.unit_of_work() as session:
        await session.execute(delete(Post).where(Post.id == post))
    gone = await picture(database)
    deleted = await last(database, "blog.post", "delete")
    assert (await undo(app, office, post, deleted.id)).status_code == 303
    assert await picture(database) == before
    undone = await last(database, "blog.post", "add")
    assert undone.via.endswith(f"undoes change {deleted.id}")
    assert (await undo(app, office, post, undone.id)).status_code == 303
    assert await picture(database) == gone


async def test_any_number_of_self_referencing_rows_can_be_restored(app, office, post, boss, database):
    async with database.unit_of_work() as session:
        values = {"post_id": post, "author_id": boss.id, "content": "again"}
        first = (await session.scalars(select(Comment.id).order_by(Comment.id).limit(1))).one()
        rows = [{**values, "parent_id": first} for _ in range(600)]
        await session.execute(insert(Comment), rows)
        last_one = (await session.scalars(select(Comment.id).order_by(Comment.id.desc()).limit(1))).one()
        await session.execute(update(Comment).where(Comment.id == first + 1).values(parent_id=last_one))
    before = await picture(database)
    async with database.unit_of_work() as session:
        await session.execute(delete(Post).where(Post.id == post))
    assert (await undo(app, office, post, (await last(database, "blog.post", "delete")).id)).status_code == 303
    assert await picture(database) == before


async def test_undoing_is_refused_with_object_and_field_if_something_was_changed_since(
    app, office, post, boss, database
):
    async with database.unit_of_work() as session:
        (await session.get_one(Post, post)).title = "Second"
    second = await last(database, "blog.post")
    async with database.unit_of_work() as session:
        (await session.get_one(Post, post)).title = "Third"
    refused = await refused_undo(app, office, post, second.id)
    assert "Title of Post “Third” was changed since" in refused.text
    assert [refused.text.count(one) for one in ("Could not be undone", "Changed the same since")] == [1, 1]
    assert (
        "was changed since"
        not in (await office.get(page_of(app, "object-history", identity="blog/post", pk=post))).text
    )

    made = await last(database, "blog.post", "add")
    refused = await refused_undo(app, office, post, made.id)

    async with database.unit_of_work() as session:
        tag = Tag(name="once")
        session.add(tag)
    async with database.unit_of_work() as session:
        await session.execute(delete(Tag).where(Tag.id == tag.id))
    deleted = await last(database, "blog.tag", "delete")
    async with database.unit_of_work() as session:
        session.add(Tag(id=tag.id + 1, name="once"))
    refused = await refused_undo(app, office, tag.id, deleted.id, "blog/tag")
    assert "Name of Tag “once” would be that of Tag “once”" in refused.text
    async with database.unit_of_work() as session:
        await session.execute(update(Tag).where(Tag.id == tag.id + 1).values(name="twice"))
        session.add(Tag(id=tag.id, name="another"))
    refused = await refused_undo(app, office, tag.id, deleted.id, "blog/tag")
    assert "Tag “another” is there: its key was taken again" in refused.text


async def test_undoing_is_refused_if_it_would_break_a_reference(app, office, boss, database):
    async with database.unit_of_work() as session:
        made = Post(title="Alone", content="C", author_id=boss.id)
        session.add(made)
    added = await last(database, "blog.post", "add")
    async with database.unit_of_work() as session:
        comment = Comment(post_id=made.id, author_id=boss.id, content="late")
        session.add(comment)
    refused = await refused_undo(app, office, made.id, added.id)
    assert "Post “Alone” would be deleted, and Comment “late” refers to it" in refused.text
    async with database.unit_of_work() as session:
        await session.delete(await session.get_one(Comment, comment.id))
    async with database.unit_of_work() as session:
        await session.delete(await session.get_one(Post, made.id))
    deleted = await last(database, "comments.comment", "delete")
    refused = await refused_undo(app, office, comment.id, deleted.id, "comments/comment")
    assert "what Post of Comment “late” refers to is not there any more" in refused.text


async def test_a_refusal_is_in_the_language_of_the_page_with_the_labels_of_the_form(app, office, boss, post, database):
    async with database.unit_of_work() as session:
        (await session.get_one(Post, post)).is_published = True
    published = await last(database, "blog.post")
    async with database.unit_of_work() as session:
        (await session.get_one(Post, post)).is_published = False
    office.client.headers["Accept-Language"] = "de"
    refused = await refused_undo(app, office, post, published.id)
    assert "„Veröffentlicht“ von Beitrag „Tea“ wurde seither geändert." in refused.text
    assert "is_published" not in refused.text
    page = page_of(app, "object-history", identity="blog/post", pk=post)
    assert (await undo(app, office, post, (await last(database, "blog.post")).id)).status_code == 303
    told = (await office.get(page)).text
    assert re.search(r"\(Sitzung \d+, macht Änderung \d+ rückgängig\)", told)


async def test_no_reference_can_be_added_to_a_row_that_an_undo_is_deleting(
    app, office, boss, database, count_statements
):
    async with database.unit_of_work() as session:
        made = Post(title="Alone", content="C", author_id=boss.id)
        session.add(made)
    added = await last(database, "blog.post", "add")
    with count_statements() as statements:
        assert (await undo(app, office, made.id, added.id)).status_code == 303
    looked = next(
        place
        for place, one in enumerate(statements)
        if one.startswith("SELECT") and "FROM blog_post" in one and "json_" in one
    )
    deleted = next(place for place, one in enumerate(statements) if one.startswith("DELETE FROM blog_post"))
    assert looked < deleted
    assert database.engine.dialect.name == "sqlite" or statements[looked].endswith("FOR UPDATE")


async def test_secrets_and_changes_that_are_too_old_cannot_be_restored(app, office, boss, make_user, database):
    user = await make_user(username="eve")
    async with database.unit_of_work() as session:
        (await session.get_one(User, user.id)).hashed_password = "another"
    refused = await refused_undo(app, office, user.id, (await last(database, "auth.user", "change")).id, "auth/user")
    assert "Hashed password is a secret" in refused.text
    async with database.unit_of_work() as session:
        (await session.get_one(User, user.id)).bio = "Likes tea"
    line = await last(database, "auth.user", "change")
    async with database.unit_of_work() as session:
        await session.execute(
            update(RecordedChange)
            .where(RecordedChange.id == line.id)
            .values(created_at=boss.created_at.replace(year=2020))
        )
    refused = await refused_undo(app, office, user.id, line.id, "auth/user")
    assert "it is older than 30 days" in refused.text
    page = await office.get(page_of(app, "object-history", identity="auth/user", pk=user.id))
    assert page.text.count(">Undo") == 1  # of the account as it was made


async def test_undoing_requires_the_permission_to_make_the_change(app, post, make_user, back_office_for, database):
    async with database.unit_of_work() as session:
        (await session.get_one(Post, post)).title = "Second"
    line = await last(database, "blog.post")
    staff = await make_user(username="staff", is_staff=True)
    async with database.unit_of_work() as session:
        await grant(session, await session.get_one(User, staff.id), ["blog.view_post"])
    visitor = await back_office_for(staff)
    assert "Undo" not in (await refused_undo(app, visitor, post, line.id)).text.replace("Could not be undone", "")
    async with database.unit_of_work(read_only=True) as session:
        assert (await session.get_one(Post, post)).title == "Second"
    async with database.unit_of_work() as session:
        await grant(session, await session.get_one(User, staff.id), ["blog.view_post", "blog.change_post"])
    assert (await undo(app, await back_office_for(staff), post, line.id)).status_code == 303
    assert (await undo(app, await back_office_for(staff), post, 10**9)).status_code == 404


async def test_the_message_after_a_change_or_deletion_lets_its_author_undo_it(
    app, office, make_user, back_office_for, database
):
    await office.submit(page_of(app, "create", identity="blog/tag"), {"name": "tea"})
    made = await last(database, "blog.tag")
    tag = made.object_key
    page = await office.get(page_of(app, "list", identity="blog/tag"))
    assert f'name="change" value="{made.id}"' in page.text
    await office.submit(page_of(app, "edit", identity="blog/tag", pk=tag), {"name": "coffee"})
    changed = await last(database, "blog.tag")
    address = page_of(app, "view-undo")
    other = await back_office_for(await make_user(username="other", is_superuser=True))
    form = read_form((await other.get("/")).text)
    answer = await other.client.post(f"{other.root}{address}", data={**form, "change": str(changed.id)})
    assert answer.status_code == 404
    form = read_form((await office.get(page_of(app, "list", identity="blog/tag"))).text)
    answer = await office.client.post(f"{office.root}{address}", data={**form, "change": str(changed.id)})
    assert answer.headers["location"].endswith(page_of(app, "list", identity="blog/tag"))
    async with database.unit_of_work(read_only=True) as session:
        assert (await session.get_one(Tag, int(tag))).name == "tea"
    asked = (await office.get(page_of(app, "delete", identity="blog/tag", pk=tag))).text
    assert (await office.post(page_of(app, "delete", identity="blog/tag", pk=tag), read_form(asked))).status_code == 303
    deleted = await last(database, "blog.tag", "delete")
    page = await office.get(page_of(app, "list", identity="blog/tag"))
    assert f'name="change" value="{deleted.id}"' in page.text
    form = read_form(page.text)
    answer = await office.client.post(f"{office.root}{address}", data={**form, "change": str(deleted.id)})
    assert answer.headers["location"].endswith(page_of(app, "list", identity="blog/tag"))
    async with database.unit_of_work(read_only=True) as session:
        assert (await session.get_one(Tag, int(tag))).name == "tea"
