"""A long title is shortened wherever it stands for an object, not within a character, and whole on its page."""

import pytest

from dovetail.translation.shortening import shorten
from plugins.blog.models import Post

TITLE = "e\u0301" * 100  # letters whose accents are characters of their own
SHORT = shorten(TITLE)
POSTS = "/blog/post"


@pytest.fixture
async def post(session, boss) -> Post:
    made = Post(title=TITLE, content="Text.", author_id=boss.id)
    session.add(made)
    await session.commit()
    return made


async def test_lists_pages_choices_and_messages_show_the_beginning_of_a_long_title(office, post):
    assert len(SHORT) < len(TITLE)
    listed = (await office.get(f"{POSTS}/")).text
    assert f'<span title="{TITLE}">{shorten(TITLE, 80)}</span>' in listed  # all of it on hovering
    assert listed.count(TITLE) == 1  # not in the labels of buttons
    heading = f'<h1 class="page-title" title="{TITLE}">{SHORT}</h1>'
    details = (await office.get(f"{POSTS}/{post.id}/")).text
    assert heading in details
    assert details.count(TITLE) == 2  # on hovering, and as the field
    for path in (f"{POSTS}/{post.id}/delete/", f"{POSTS}/delete/?pks={post.id}"):
        asked = (await office.get(path)).text
        assert SHORT in asked, path
        assert TITLE not in asked, path
    edited = (await office.get(f"{POSTS}/{post.id}/change/")).text
    assert f'<h1 class="page-title">{SHORT}</h1>' in edited
    assert f'value="{TITLE}"' in edited
    choices = (await office.get("/comments/comment/lookup/", name="post", term="")).json()["results"]
    assert [one["text"] for one in choices] == [SHORT]
    entries = (await office.get("/palette", term="e\u0301")).json()["groups"]
    assert SHORT in [one["text"] for group in entries for one in group["entries"]]


async def test_messages_and_recent_changes_show_the_beginning_of_a_long_title(office, post):
    assert (await office.submit(f"{POSTS}/{post.id}/change/", {"content": "New."})).status_code == 303
    index = (await office.get("/")).text
    assert f"{SHORT} was saved." in index
    assert TITLE not in index  # nor in the list of recent changes
    assert (await office.post(f"{POSTS}/{post.id}/delete/", {"confirmed": "yes"})).status_code == 303
    index = (await office.get("/")).text
    assert f"{SHORT} was deleted." in index
    assert TITLE not in index
