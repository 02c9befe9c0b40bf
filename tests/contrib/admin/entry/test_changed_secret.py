"""A changed SECRET_KEY, with the old one in SECRET_KEY_FALLBACKS: forms that were open go on, and nothing is lost."""

import pytest
from sqlalchemy import delete

from dovetail.application import make_application
from dovetail.contrib.admin.testing import ORIGIN, BackOffice, read_form
from dovetail.contrib.auth.sessions.models import Session
from dovetail.testing.fixtures import make_client, running
from plugins.blog.models import Post
from plugins.comments.models import Comment
from tests.contrib.admin.entry.test_lost_sessions import log_in

FASTER = "Somebody else changed"


@pytest.fixture
async def with_new_secret(settings, make_settings):
    """The site with another secret, which knows the former one."""
    old, url = settings.secret_key.get_secret_value(), settings.database_url.get_secret_value()
    given = make_settings(database_url=url, secret_key="n" * 40, secret_key_fallbacks=[old])
    async with running(make_application(given)) as app, make_client(app, {"Origin": ORIGIN}) as client:
        client.base_url = ORIGIN
        yield BackOffice(client)


async def test_with_another_secret_key_open_forms_are_no_conflicts_and_drafts_are_read(
    office, session, boss, with_new_secret
):
    post = Post(title="Old", content="x", author_id=boss.id)
    session.add(post)
    await session.flush()
    comment = Comment(content="Old", post_id=post.id, author_id=boss.id)
    session.add(comment)
    await session.flush()
    session.add(Comment(content="Why?", post_id=post.id, author_id=boss.id, parent_id=comment.id))
    await session.commit()
    path = f"/comments/comment/{comment.id}/change/"
    form = {**read_form((await office.get(path)).text), "content": "Typed"}
    assert any(name.endswith("-_version") for name in form)  # the reply is a row of an inline
    draft = await office.client.post(
        f"/admin/comments/comment/draft/?key={comment.id}", data=form, headers={"Accept": "application/json"}
    )
    assert draft.status_code == 200
    await session.execute(delete(Session))
    await session.commit()

    sent = await with_new_secret.client.post(f"/admin{path}", data={**form, "content": "Sent"})
    back = (await log_in(with_new_secret.client, sent.headers["location"])).headers["location"]
    page = await with_new_secret.client.get(back)
    assert (read_form(page.text)["content"], FASTER in page.text) == (["Sent"], False)
    drafted = await with_new_secret.get(path, _draft="1")
    assert (read_form(drafted.text)["content"], FASTER in drafted.text) == (["Typed"], False)
    token = read_form(page.text)["csrf_token"]
    saved = await with_new_secret.client.post(f"/admin{path}", data={**form, "csrf_token": token, "save": "list"})
    assert saved.status_code == 303, saved.text
    await session.refresh(comment)
    assert comment.content == "Typed"
    await session.commit()
    late = await with_new_secret.client.post(f"/admin{path}", data={**form, "csrf_token": token, "content": "Late"})
    assert (late.status_code, FASTER in late.text or "You changed" in late.text) == (409, True)
