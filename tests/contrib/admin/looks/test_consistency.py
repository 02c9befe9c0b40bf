"""Pages have one language and one menu, say what a field about oneself is for, and do nothing before a release."""

import re
from html.parser import HTMLParser

import pytest

from dovetail.contrib.admin.mounting.mounted import TEMPLATES
from plugins.blog.models import Post

ASSETS = TEMPLATES.parent / "assets"
PURPOSES = {
    "/login": {"username", "current-password"},
    "/account/": {"username", "new-password", "current-password"},
}
# A column's width and an inline's place are dragged, and take effect on release; a passkey is offered, not used.
# A list that is asked anew gives the focus back to who did so by keyboard: a pointer only takes that back.
PRESSED = {
    "change-list.js": ["pointerdown"],
    "inlines.js": ["pointerdown"],
    "keep-focus.js": ["pointerdown"],
    "passkeys.js": ["pointerdown"],
}


class Tags(HTMLParser):
    """Collects the attributes of tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def menu_of(html: str) -> list[tuple[str, str]]:
    """The links of the menu in their order, with what they are called."""
    menu = re.search(r'<nav class="navbar.*?</nav>', html, re.DOTALL)[0]
    links = re.findall(r'<a class="[^"]*"\s+href="([^"]*)"[^>]*>(.*?)</a>', menu, re.DOTALL)
    return [(link, " ".join(re.sub("<[^>]+>", " ", name).split())) for link, name in links]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_pages_have_one_language_and_one_menu_which_calls_each_page_by_its_heading(office, boss, session):
    post = Post(title="One", content="x", author_id=boss.id)
    session.add(post)
    await session.commit()
    paths = ["/", "/blog/post/", "/blog/post/add/", f"/blog/post/{post.id}/change/", "/blog/post/?where=x", "/account/"]
    pages = [(await office.get(path)).text for path in paths]
    menus = [menu_of(page) for page in pages]
    assert len(menus[0]) > 5
    assert [menu for menu in menus if menu != menus[0]] == []
    for page in pages:
        page_itself, *others = [(tag, has["lang"]) for tag, has in Tags(page).found if "lang" in has]
        assert page_itself == ("html", "en")
        assert {tag for tag, _ in others} <= {"option"}  # the names of languages, each in its own
    called = dict(menus[0])
    for link, name in called.items():
        if link.startswith("/admin/blog/"):
            assert f">{name}</h1>" in (await office.client.get(link)).text


def sections_of(html: str, heading: str) -> list[str]:
    """The headings, and the links below each, in their order."""
    return [name or link for name, link in re.findall(rf'<{heading}[^>]*>([^<]+)<|href="(/admin/[a-z/]+)"', html)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_first_page_lists_what_the_menu_lists_below_the_same_headings_in_the_same_order(office):
    page = (await office.get("/")).text
    menu, first = page[page.index('<ul class="navbar-nav">') :].split("</ul>", 1)
    listed = sections_of(menu, 'li class="nav-heading"')
    assert listed.index("Changes") > listed.index("People")
    assert "/admin/trash" in listed
    shown = sections_of(first[first.index('<section aria-labelledby="category-') :], 'h2 class="h3')
    assert [one for one in shown if not one.endswith("/add/")] == listed


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_field_about_oneself_says_what_it_is_for(office, client):
    for path, purposes in PURPOSES.items():
        page = (await (client.get(f"/admin{path}") if path == "/login" else office.get(path))).text
        said = {word for _, has in Tags(page).found for word in (has.get("autocomplete") or "").split()}
        assert purposes <= said, path


def test_nothing_happens_when_a_pointer_is_pressed_or_hovers():
    pressed: dict[str, list[str]] = {}
    for script in ASSETS.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        for name in re.findall(r'"(mousedown|pointerdown|touchstart|mouseenter|mouseover|pointerenter)"', text):
            pressed.setdefault(script.name, []).append(name)
    assert pressed == PRESSED
    for sheet in ASSETS.glob("*.css"):
        for selector, rules in re.findall(r"([^{}]+){([^{}]*)}", sheet.read_text(encoding="utf-8")):
            if ":hover" in selector:
                assert not re.search(r"\b(display|visibility|opacity)\s*:", rules), (sheet.name, selector)
