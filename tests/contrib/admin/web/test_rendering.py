"""A long page costs no more addresses than a short one, and holds nobody else up while it is written."""

import asyncio
import re

import pytest
from jinja2 import DictLoader, Environment
from sqlalchemy import insert
from starlette.requests import Request

from dovetail.contrib.admin.templating.filling import Templates
from dovetail.contrib.auth.models import User
from plugins.blog.models import Post, Tag, post_tags
from plugins.comments.models import Comment
from tests.contrib.admin.shelf.models import Book, Stamp


@pytest.fixture
def counted_addresses(monkeypatch):
    """How many addresses were made of routes so far."""
    made = []
    make = Request.url_for
    monkeypatch.setattr(Request, "url_for", lambda *args, **kwargs: made.append(args[1]) or make(*args, **kwargs))
    return made


async def fill(session, author_id: int, rows: range) -> None:
    """A post with a tag and a comment for each number, each with an author of its own."""
    keys = [1000 + n for n in rows]
    users = [{"id": k, "username": f"u{k}", "email": f"u{k}@example.org", "hashed_password": "!"} for k in keys]
    await session.execute(insert(User), users)
    await session.execute(insert(Post), [{"id": k, "title": f"Post {k}", "content": "x", "author_id": k} for k in keys])
    await session.execute(insert(Tag), [{"id": k, "name": f"tag {k}"} for k in keys])
    await session.execute(insert(post_tags), [{"post_id": k, "tag_id": k} for k in keys])
    await session.execute(insert(Comment), [{"content": "Well", "post_id": k, "author_id": k} for k in keys])
    await session.execute(insert(Book), [{"title": f"Book {k}", "owner_id": author_id} for k in keys])
    await session.commit()


PAGES = [
    "/blog/post/?pageSize=200",
    "/comments/comment/?pageSize=200",
    "/auth/user/?pageSize=200",
    "/shelf/book/?pageSize=200",
    "/blog/post/export/csv/",
    "/blog/post/lookup/?name=author&term=u",
    "/blog/post/1000/",
    "/blog/post/1000/change/",
    "/blog/post/delete/?pks={keys}",
]


async def test_a_page_of_60_rows_makes_as_many_addresses_as_one_of_5(office, session, boss, counted_addresses):
    needed: list[list[int]] = []
    for rows in (range(5), range(5, 60)):
        await fill(session, boss.id, rows)
        needed.append([])
        for path in PAGES:
            counted_addresses.clear()
            page = await office.get(path.format(keys="&pks=".join(str(1000 + n) for n in range(rows.stop))))
            assert page.status_code == 200, page.text
            menu = page.text.count('class="nav-link-title"')
            # Three for each view of the site, and what the head of a list and its scripts take.
            assert len(counted_addresses) < 3 * menu + 12, path
            needed[-1].append(len(counted_addresses))
    assert needed[0] == needed[1]


async def test_others_have_their_turn_while_a_long_page_is_written():
    environment = Environment(
        loader=DictLoader({"long": "{% for row in rows %}<tr><td>{{ row * 2 }}</td></tr>{% endfor %}"}),
        autoescape=True,
        enable_async=True,
    )
    page = asyncio.create_task(
        Templates(environment).TemplateResponse(Request({"type": "http"}), "long", {"rows": range(100_000)})
    )
    turns = 0
    while not page.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await page).body.count(b"<tr>") == 100_000
    assert turns > 3


COUNTRIES = ["a/b", "a/../b", "a//b", "a?b", "a#b", "50%", "%2F", "a b", "ä", "add", "..", "", "_2F"]


async def test_a_key_with_any_sign_has_an_address_that_leads_to_it(office, session):
    session.add_all(Stamp(country=country, number=3, motif=f"Of {number}.") for number, country in enumerate(COUNTRIES))
    await session.commit()
    links = re.findall('href="(/admin/shelf/stamp/[^/"]+/change/)"', (await office.get("/shelf/stamp/")).text)
    assert len(set(links)) == len(COUNTRIES)
    shown = [re.findall(r"Of \d+\.", (await office.client.get(link)).text)[0] for link in dict.fromkeys(links)]
    assert sorted(shown) == sorted(f"Of {number}." for number in range(len(COUNTRIES)))
