"""Texts are edited as Markdown, looked at as they will be, and shown so."""

import json

import httpx
import pytest

from dovetail.markdown.rendering import LONGEST
from plugins.blog.models import Post
from tests.contrib.admin.guild.models import Workshop
from tests.watching import Seen, watched

TEXT = "# Looms\n\n**All** kinds <script>window.hit = 1</script> ![far](https://img.example/x.png)"


@pytest.fixture
def settings(make_settings, settings_class, database_url, monkeypatch):
    monkeypatch.setenv("ADMIN_IMAGE_HOSTS", "img.example")
    plugins = (*settings_class.model_fields["plugins"].default, "tests.contrib.admin.guild")
    return make_settings(database_url=database_url, plugins=plugins)


async def test_a_text_in_markdown_is_edited_as_it_is_written_and_shown_as_it_is_meant(office, session, workshop):
    key, given = workshop.id, {"about": TEXT, "rank": "master"}
    assert (await office.submit(f"/guild/tabbed/{key}/change/", given)).status_code == 303
    assert (await session.get_one(Workshop, key, populate_existing=True)).about == TEXT
    await session.commit()

    form = await office.get(f"/guild/tabbed/{key}/change/")
    assert 'data-role="markdown"' in form.text
    assert "/admin/assets/markdown.js" in form.text
    for path in (f"/guild/tabbed/{key}/", f"/guild/read-only-text/{key}/change/"):
        page = await office.get(path)
        assert "<h1>Looms</h1>\n<p><strong>All</strong> kinds" in page.text, path
        assert page.headers["content-length"] == str(len(page.content))
        assert "window.hit" not in page.text
        assert '<img src="https://img.example/x.png" alt="far">' in page.text
        assert "img-src 'self' data: https://img.example;" in page.headers["content-security-policy"]


async def test_no_connection_waits_for_markdown_on_a_page_or_in_a_form(app, office, session, workshop):
    workshop.about, seen, key = TEXT, Seen(), workshop.id
    await session.commit()
    transport, client = httpx.ASGITransport(watched(app, seen)), office.client
    async with httpx.AsyncClient(transport=transport, base_url=client.base_url, cookies=client.cookies) as watching:
        for path in (f"tabbed/{key}/", f"read-only-text/{key}/change/"):
            assert "<h1>Looms</h1>" in (await watching.get(f"/admin/guild/{path}")).text
    assert "render_markdown" in seen.waits
    assert seen.offences == []


async def preview(desk, path: str, text: str, **more: object) -> httpx.Response:
    data = {"csrf_token": await desk.token(), "text": text}
    return await desk.client.post(f"/admin{path}", data=data, headers={"Accept": "application/json"}, **more)


async def test_a_preview_is_for_who_may_edit_and_for_texts_that_are_not_too_long(office, desk, make_user):
    answer = await preview(office, "/guild/tabbed/markdown/", TEXT)
    assert answer.json()["html"].startswith("<h1>Looms</h1>")
    assert "script" not in answer.json()["html"]
    assert (await preview(desk, "/guild/tabbed/markdown/", TEXT)).status_code == 200  # may change workshops
    assert (await preview(desk, "/blog/post/markdown/", TEXT)).status_code == 403
    assert (await preview(desk, "/guild/crafter/markdown/", TEXT)).status_code == 403  # may look at them alone
    assert (await preview(office, "/guild/nowhere/markdown/", TEXT)).status_code == 404

    told = await preview(office, "/guild/tabbed/markdown/", "*" * (LONGEST + 1))
    assert (told.status_code, told.json()["detail"]) == (
        400,
        "The text has 100,001 characters; a preview shows 100,000 at most.",
    )
    told = await preview(office, "/guild/tabbed/markdown/", TEXT, files={"text": b"# A file"})
    assert (told.status_code, "came as a file" in told.json()["detail"]) == (422, True)


async def test_the_content_of_posts_is_markdown(office, session, boss):
    post = Post(title="Looms", content=TEXT, author_id=boss.id)
    session.add(post)
    await session.commit()
    assert "<h1>Looms</h1>" in (await office.get(f"/blog/post/{post.id}/")).text
    assert 'data-role="markdown"' in (await office.get(f"/blog/post/{post.id}/change/")).text
    assert 'data-role="markdown"' not in (await office.get("/blog/tag/add/")).text


def test_what_is_no_host_is_refused_as_one_of_images(make_settings, monkeypatch):
    from dovetail.contrib.admin.settings import AdminSettings

    for wrong in ("https://img.example", "img.example/x", "IMG.example", "a b", "*"):
        with pytest.raises(ValueError, match="is no name of a host"):
            AdminSettings(image_hosts=(wrong,))
    assert json.loads(AdminSettings(image_hosts=("img.example:8000",)).model_dump_json())["image_hosts"]
