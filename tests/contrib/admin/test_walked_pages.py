"""Each page of the back office is among those that are photographed and held against axe: links lead to it.

Both go the way of `tools.screenshots.walk`, and show the page of the login before.
"""

from collections.abc import Mapping
from html.parser import HTMLParser

import httpx
import pytest
from starlette.routing import Mount, Route

from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment
from tools.screenshots import walk

FOR_SCRIPTS = "is read by scripts"
OF_TESTS = "is a page of a plugin of the tests"
BEFORE = "is shown to who is not logged in yet, and held against axe where that is tested"
NO_PAGES: Mapping[str, str] = {
    "texts": FOR_SCRIPTS,
    "palette": FOR_SCRIPTS,
    "lookup-in-rows": FOR_SCRIPTS,
    "export": "is a file",
    "former": "leads to where a page is now",
    "provider-login": "leads to a provider",
    "provider-return": "leads back from a provider",
}
SHOWN_ELSEWHERE: Mapping[str, str] = {
    "login": "is the first page of both",
    "second-factor": BEFORE,
    "password_reset": BEFORE,
    "password_reset_done": BEFORE,
    "password_reset_confirm": BEFORE,
    "password_reset_complete": BEFORE,
    "enrol": BEFORE,
    "import-table": "takes a file, and is held against axe where imports are tested",
    "view-show": OF_TESTS,
    "view-shelf/answering-page": OF_TESTS,
}


class Links(HTMLParser):
    """The links of a page, those for browsers without scripts too, and where its buttons send what is selected."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.buttons: list[str] = []

    def handle_starttag(self, tag, attrs):
        address, action = dict(attrs).get("href"), dict(attrs).get("formaction")
        if tag == "a" and address is not None:
            self.found.append(address)
        if tag == "button" and action is not None:
            self.buttons.append(action)


class Visitor:
    """Opens pages as a browser does, as far as `walk` asks it to."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client, self.links = client, Links()
        self.buttons: set[str] = set()

    async def goto(self, address):
        answer = await self.client.get(address, follow_redirects=True)
        self.links = Links()
        self.links.feed(answer.text)
        self.buttons |= {one.partition("?")[0].removeprefix("/admin") for one in self.links.buttons}
        answer.ok = answer.is_success
        return answer

    async def evaluate(self, _script):
        return self.links.found


@pytest.fixture(params=["sqlite"])
def database_kind(request) -> str:
    """One is enough: pages are the same on both."""
    return request.param


async def test_links_lead_to_every_page_but_those_that_are_shown_elsewhere(app, office, session, boss):
    post = Post(title="Old title", content="Text", author_id=boss.id, tags=[Tag(name="python")])
    session.add(post)
    await session.flush()
    session.add(Comment(content="A comment", post_id=post.id, author_id=boss.id))
    await session.commit()
    visitor = Visitor(office.client)
    walked = [path.partition("?")[0].removeprefix("/admin") async for path in walk(visitor, "/admin/")]
    (office_of_app,) = (one for one in app.routes if isinstance(one, Mount) and one.path == "/admin")
    pages = [one for one in office_of_app.routes if isinstance(one, Route) and "GET" in (one.methods or ())]
    missed = {one.name for one in pages if not any(map(one.path_regex.fullmatch, walked))}
    missed -= {one.name for one in pages if any(map(one.path_regex.fullmatch, walked))}  # of several addresses
    # An action asks for the rows that a list selects: one of them was walked, and buttons lead to all others.
    actions = {one.name for one in pages if one.name.startswith("action-")}
    assert actions - missed
    missed -= {one.name for one in pages if one.name in actions and any(map(one.path_regex.fullmatch, visitor.buttons))}
    assert missed == {*NO_PAGES, *SHOWN_ELSEWHERE}
