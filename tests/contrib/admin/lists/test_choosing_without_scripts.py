"""A filter by a related object works without scripts: a link leads to a page of what can be chosen, and back."""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from sqlalchemy import insert

from dovetail.contrib.admin.lists.autocomplete import LIMIT
from plugins.blog.models import Post, Tag

POSTS = "/admin/blog/post/"


@pytest.fixture
async def tags(session, boss) -> list[Tag]:
    await session.execute(insert(Tag), [{"name": f"tag {n:02}"} for n in range(LIMIT + 5)])
    tagged = Tag(name="zither & zeal")
    session.add_all(
        [
            Post(title="On zithers", content="Text.", author_id=boss.id, tags=[tagged]),
            Post(title="On nothing", content="Text.", author_id=boss.id),
        ]
    )
    await session.commit()
    return [tagged]


def link(html: str, text: str) -> str:
    """Return where the last link with this text leads."""
    found = re.findall(rf'<a[^>]*href="([^"]*)"[^>]*>{re.escape(text)}</a>', html)
    assert found, text
    return unescape(found[-1])


async def test_a_link_leads_to_a_page_of_choices_of_which_each_leads_back_to_the_filtered_list(office, tags):
    async def follow(page, text: str):
        address = link(page.text, text)
        if address.startswith("?"):
            address = urlsplit(str(page.url)).path + address
        followed = await office.client.get(address)
        assert followed.status_code == 200, followed.text
        return followed

    listed = await office.client.get(POSTS, params={"search": "on"})
    form = re.search(r"<noscript>\s*<a[^>]*name=tags.*?</noscript>", listed.text, re.DOTALL)
    assert form, "there is no link to what can be chosen"
    choices = await office.client.get(unescape(re.search(r'href="([^"]*name=tags[^"]*)"', form[0])[1]))
    assert choices.status_code == 200
    assert "tag 00" in choices.text
    assert "zither" not in choices.text
    more = await follow(choices, "Next")
    filtered = await follow(more, "zither &amp; zeal")
    assert "On zithers" in filtered.text
    assert "On nothing" not in filtered.text
    assert 'value="on"' in filtered.text  # what the list was narrowed by before stays
    cleared = re.search(r"<noscript>(?:(?!</noscript>).)*zither &amp; zeal.*?</noscript>", filtered.text, re.DOTALL)
    assert "On nothing" in (await office.client.get(POSTS + link(cleared[0], "Clear"))).text


async def test_the_page_of_choices_finds_what_is_typed_and_is_for_filters_alone(office, tags):
    asked = {"name": "tags", "for": "filter", "as": "page", "back": "search=on"}
    found = await office.client.get(f"{POSTS}lookup/", params=asked | {"term": "zith"})
    assert "zither &amp; zeal" in found.text
    assert "tag 00" not in found.text
    assert "Nothing was found." in (await office.client.get(f"{POSTS}lookup/", params=asked | {"term": "qq"})).text
    assert (await office.client.get(f"{POSTS}lookup/", params=asked | {"page": "no"})).status_code == 400
    assert (await office.client.get(f"{POSTS}lookup/", params=asked | {"name": "title"})).status_code == 400
