"""Addresses are those of Django: of plugin and model, with keys that are quoted as Django quotes them."""

import re

import pytest
from starlette.routing import Mount, Route

from dovetail.contrib.admin.web.addresses import RESERVED, quote, unquote
from plugins.blog.models import Post, Tag
from tests.contrib.admin.shelf.models import Stamp

KEYS = {"a/b": "a_2Fb", "a_b": "a_5Fb", "1;2": "1_3B2", "add": "_61dd", "export": "_65xport", "..": "_2E.", "": "_"}


@pytest.mark.parametrize(("key", "quoted"), KEYS.items())
def test_a_key_is_quoted_so_that_it_stays_one_part_of_an_address_and_no_page(key, quoted):
    assert (quote(key), unquote(quoted)) == (quoted, key)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_view_can_stand_where_the_site_has_pages_of_its_own(app):
    site = next(one for one in app.router.routes if getattr(one, "name", "") == "admin").app
    paths = [one.path for one in site.router.routes if isinstance(one, Route | Mount)]
    own = [path for path in paths if not re.match(r"/(\{|$)", path)]
    words = {re.match(r"/([^/{}]*)", path)[1] for path in own}
    brought = {"blog", "comments", "auth", "shelf", "report", "undo", "trash"}  # by views, which stay
    assert {"texts", "zone", "login"} <= words - brought <= RESERVED


@pytest.mark.parametrize("country", ["a/b", "a/../b", "a?b", "a#b", "50%", "%2F", "a b", "ä", "add", "..", "", "_2F"])
async def test_each_link_to_an_object_leads_to_it_whatever_signs_its_key_has(office, session, country):
    session.add(Stamp(country=country, number=3, motif="Blue bird"))
    await session.commit()
    links = set(re.findall('href="(/admin/shelf/stamp/[^"]+/)"', (await office.get("/shelf/stamp/")).text))
    found = {link.rstrip("/").rpartition("/")[2] for link in links}
    assert found >= {"change", "delete"}
    for link in links - {"/admin/shelf/stamp/add/", "/admin/shelf/stamp/export/csv/"}:
        assert "Blue bird" in (await office.client.get(link)).text, link


async def test_addresses_of_the_last_release_lead_to_those_of_today(office, session, boss):
    tag, post = Tag(name="python"), Post(title="One", content="x", author_id=boss.id)
    session.add_all([tag, post])
    await session.commit()
    for former, now in {
        "/blog-post/list?search=one": "/blog/post/?search=one",
        "/blog-post/create": "/blog/post/add/",
        f"/blog-post/edit/{post.id}": f"/blog/post/{post.id}/change/",
        f"/blog-post/details/{post.id}": f"/blog/post/{post.id}/",
        f"/blog-post/delete?pks={post.id}": f"/blog/post/delete/?pks={post.id}",
        "/blog-post/export/csv": "/blog/post/export/csv/",
        f"/blog-post/history/{post.id}": f"/blog/post/{post.id}/history/",
        "/thin-books/list": "/shelf/thin-books/",
    }.items():
        answer = await office.get(former)
        assert (answer.status_code, answer.headers.get("location")) == (301, f"/admin{now}"), former
        assert (await office.client.get(answer.headers["location"])).status_code == 200, now
    assert (await office.get("/nobody-ever/list")).status_code == 404
    assert (await office.post(f"/blog-tag/edit/{tag.id}", {"name": "x"})).status_code == 405
    assert (await office.get("/blog/post")).headers["location"].endswith("/admin/blog/post/")


async def test_who_is_not_logged_in_learns_of_no_view_by_its_former_address(office):
    office.client.cookies.clear()
    for path in ("/blog-post/list", "/nobody-ever/list"):
        assert (await office.get(path)).headers["location"].startswith("/admin/login?next=")


async def test_links_lead_to_the_home_of_a_model_before_its_other_views(office, session, boss):
    session.add(Post(title="One", content="x", author_id=boss.id))
    await session.commit()
    assert f'href="/admin/auth/user/{boss.id}/change/"' in (await office.get("/blog/post/")).text


async def test_no_page_walks_the_routes_of_the_application_for_an_address_of_the_back_office(
    office, app, session, boss, monkeypatch
):
    post = Post(title="One", content="x", author_id=boss.id)
    session.add(post)
    await session.commit()
    asked: list[str] = []
    walk = app.router.url_path_for
    monkeypatch.setattr(app.router, "url_path_for", lambda name, **given: asked.append(name) or walk(name, **given))
    for path in ("/", "/blog/", "/blog/post/", f"/blog/post/{post.id}/change/", f"/blog/post/{post.id}/", "/account/"):
        page = await office.get(path)
        assert page.status_code == 200, path
        assert 'href="/admin/blog/post/"' in page.text, path
    assert [name for name in asked if name.startswith("admin:")] == []
