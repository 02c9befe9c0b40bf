"""The page of an object's history may have a template of the site's own, for a model, a plugin or all."""

import pytest

from plugins.blog.models import Post, Tag

OWN = '{% extends "admin/object_history.html" %}{% block heading %}What became of it{% endblock %}'


@pytest.fixture
def settings(make_settings, database_url, tmp_path):
    path = tmp_path / "project" / "templates" / "admin" / "blog" / "post" / "object_history.html"
    path.parent.mkdir(parents=True)
    path.write_text(OWN)
    return make_settings(database_url=database_url, base_dir=tmp_path)


async def test_the_history_page_of_a_model_can_have_its_own_template(make_user, back_office_for, database):
    boss = await make_user(username="boss", is_superuser=True)
    async with database.unit_of_work() as session:
        post, tag = Post(title="One", content="Text.", author_id=boss.id), Tag(name="python")
        session.add_all([post, tag])
    office = await back_office_for(boss)
    assert ">What became of it</h1>" in (await office.get(f"/blog/post/{post.id}/history/")).text
    other = await office.get(f"/blog/tag/{tag.id}/history/")
    assert (other.status_code, "What became of it" in other.text) == (200, False)
