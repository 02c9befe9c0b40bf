"""What the blog's tables promise by themselves, whoever writes to them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from dovetail.contrib.auth.models import User
from plugins.blog.models import Post, Tag, post_tags

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def count(session, model):
    return await session.scalar(select(func.count()).select_from(model))


async def test_the_database_fills_in_what_an_insert_leaves_out(session, author):
    await session.execute(
        text("INSERT INTO blog_post (title, content, author_id) VALUES ('t', 'c', :author)"), {"author": author.user.id}
    )
    post = (await session.scalars(select(Post))).one()
    assert (post.is_published, post.view_count) == (False, 0)
    assert abs(datetime.now(UTC) - post.created_at) < timedelta(minutes=5)
    assert post.updated_at == post.created_at


async def test_updated_at_moves_with_every_update_and_created_at_with_none(session, make_post):
    post = await make_post()
    await session.execute(update(Post).values(created_at=LONG_AGO, updated_at=LONG_AGO))
    await session.commit()
    await session.refresh(post)
    post.title = "Changed"
    await session.commit()
    assert post.created_at == LONG_AGO
    assert post.updated_at > LONG_AGO + timedelta(days=365)


async def test_removing_a_user_removes_their_posts_and_no_others(session, author, other, make_post):
    await make_post(tags=["kept"])
    theirs = await make_post(author=other.user)
    await session.delete(await session.get_one(User, author.user.id))
    await session.commit()
    assert (await session.scalars(select(Post.id))).all() == [theirs.id]
    assert await count(session, post_tags) == 0
    assert (await session.scalars(select(Tag.name))).all() == ["kept"]


async def test_the_database_alone_removes_a_users_posts(session, author, make_post):
    await make_post(tags=["kept"])
    await session.execute(text("DELETE FROM auth_user WHERE id = :id"), {"id": author.user.id})
    assert (await count(session, Post), await count(session, post_tags)) == (0, 0)


async def test_a_post_taken_from_its_author_is_an_orphan_and_goes(session, author, make_post):
    post, kept = await make_post(), await make_post()
    session.expunge_all()
    user = await session.get_one(User, author.user.id, options=[selectinload(User.posts)])
    user.posts.remove(next(each for each in user.posts if each.id == post.id))
    await session.commit()
    assert (await session.scalars(select(Post.id))).all() == [kept.id]


async def test_a_post_can_be_written_with_the_id_of_its_author_alone(session, author):
    session.add(Post(title="t", content="c", author_id=author.user.id))
    await session.commit()
    assert await count(session, Post) == 1


@pytest.mark.parametrize("broken", ["author", "same tag", "same link"])
async def test_the_database_enforces_its_constraints(session, make_post, broken):
    post = await make_post(tags=["python"])
    statement = {
        "author": insert(Post).values(title="t", content="c", author_id=2**40),
        "same tag": insert(Tag).values(name="python"),
        "same link": insert(post_tags).values(post_id=post.id, tag_id=post.tags[0].id),
    }[broken]
    with pytest.raises(IntegrityError):
        await session.execute(statement)
