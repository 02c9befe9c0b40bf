"""No page of the back office has a text that is not translated."""

import re

import pytest

from dovetail.translation.zones import zone_names
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment
from tests.contrib.admin.conftest import COOKIE
from tests.translation.pseudo import CODE, untranslated, write_pseudo_catalog

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

LANGUAGE = COOKIE.replace("session", "language")
# What is no text of ours: what the test wrote, names of languages, zones, hosts, formats and of permissions.
DATA = re.compile(
    r"boss@example\.org|(login )?boss|The Boss|Zq\w*|Dovetail|English|Esperanto|testserver|127\.0\.0\.1|UTC|CSV|JSON"
    r"|password \(office\)|XLSX|Ctrl \w|[a-z]+\.[a-z_]+"
)


@pytest.fixture
def more():
    return {}


@pytest.fixture
def settings(make_settings, database_url, tmp_path):
    write_pseudo_catalog(tmp_path)
    return make_settings(
        database_url=database_url, base_dir=tmp_path, languages=(("en", "English"), (CODE, "Esperanto"))
    )


@pytest.fixture
async def rows(session, boss):
    post = Post(title="Zqpost", content="Zqtext", author_id=boss.id, tags=[Tag(name="Zqtag")])
    session.add(post)
    await session.flush()
    session.add(Comment(content="Zqcomment", post_id=post.id, author_id=boss.id))
    await session.commit()
    return post


MEANT = {"/nothing/here/": 404, "/blog/post/?where=((": 400}


def left_over(html: str) -> set[str]:
    zones = zone_names()
    return {one for one in untranslated(html) if one not in zones and re.search("[A-Za-z]{2}", DATA.sub("", one))}


async def test_every_page_is_translated(office, rows, boss, client):
    lists = ("auth/user", "auth/group", "blog/post", "blog/tag", "comments/comment", "auth/securityevent")
    pages = [
        "/",
        "/account/",
        "/blog/",
        "/nothing/here/",
        "/blog/post/?search=zzz",
        "/blog/post/?where=((",
        "/blog/post/?is_published=true&_facets=1",
    ]
    pages += [f"/{identity}/" for identity in lists]
    for one in (f"blog/post/{rows.id}", f"auth/user/{boss.id}"):
        pages += [f"/{one}/", f"/{one}/change/", f"/{one}/delete/", f"/{one}/history/"]
    pages += ["/auth/user/add/", "/auth/group/add/", "/blog/post/add/", "/history/recordedchange/"]
    found = {}
    for page in pages:
        await office.get(page)  # in English, of which nothing is to stay for others
    office.client.cookies.set(LANGUAGE, CODE)
    for page in pages:
        answer = await office.get(page)
        assert answer.status_code == MEANT.get(page, 200), page
        html = answer.text
        assert f'<html lang="{CODE}"' in html, page
        if texts := left_over(html):
            found[page] = texts
    assert found == {}
