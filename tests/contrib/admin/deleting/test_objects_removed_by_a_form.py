"""A form that takes objects away from its own says first which lose their reference, and which are deleted."""

import re

from sqlalchemy import select

from dovetail.contrib.admin.testing import read_form
from plugins.blog.models import Post
from tests.contrib.admin.deleting.test_confirmation import written

HEADING = "Nothing was saved yet"


def in_words(html: str) -> str:
    body = html[html.index('id="released-heading"') :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body[: body.index("</section>")]))


async def titles(session) -> list[str]:
    found = list(await session.scalars(select(Post.title).order_by(Post.id)))
    await session.commit()
    return found


async def test_what_a_form_deletes_by_taking_it_out_is_told_with_what_goes_along_before_it_is_saved(
    office, boss, make_user, session
):
    ada = await make_user(username="ada")
    _, second, third = map(str, await written(session, ada, posts=3, comments=2, by=boss))
    page = f"/workshop/writer/{ada.id}/change/"

    asked = await office.submit(page, {"posts": ["", second, third], "full_name": "Ada"})
    assert asked.status_code == 200
    assert "This is deleted: Posts: 1 Post 0 Comments: 2 Comment 1 Comment 0" in in_words(asked.text)
    assert "no longer refers" not in asked.text
    form = read_form(asked.text)
    assert (form["full_name"], form["posts"]) == (["Ada"], ["", second, third])  # as it was sent
    assert await titles(session) == ["Post 0", "Post 1", "Post 2"]

    other = await office.client.post(f"{office.root}{page}", data=form | {"save": "list", "posts": ["", third]})
    assert "Posts: 2" in in_words(other.text)  # what was told before is not what this would do
    assert len(await titles(session)) == 3
    saved = await office.client.post(
        f"{office.root}{page}", data=read_form(other.text) | {"save": "list", "posts": ["", third]}
    )
    assert saved.status_code == 303
    assert await titles(session) == ["Post 2"]
    assert (await office.submit(page, {"full_name": "Ada L."})).status_code == 303  # takes nothing away
