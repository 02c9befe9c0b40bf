"""Markdown becomes HTML that does no harm, in a time that holds nobody up."""

import asyncio
import re
from html.parser import HTMLParser

import pytest
from markupsafe import Markup

from dovetail.markdown.rendering import EXCERPT, LONGEST, render_excerpt, render_markdown
from tests.markdown.attacks import ATTACKS

HARMLESS = {"href", "src", "alt", "title", "rel", "align", "start", "open"}


class Found(HTMLParser):
    """Every element, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))


async def test_attacks_with_scripts_loads_and_fake_page_parts_are_sanitized():
    for attack in ATTACKS:
        html = str(await render_markdown(attack))
        for tag, attributes in Found(html).elements:
            assert tag not in {"script", "iframe", "object", "embed", "style", "form", "input", "svg", "meta", "base"}
            assert set(attributes) <= HARMLESS, (attack, html)
            for name in ("href", "src"):
                address = attributes.get(name) or ""
                assert re.match(r"(https?:|mailto:|tel:|[^:]*$)", address), (attack, html)
            assert tag != "img" or "evil" not in (attributes.get("src") or ""), (attack, html)


async def test_markdown_is_rendered_with_tables_and_with_the_html_within_it():
    text = "# Title\n\n**bold** ~~gone~~ <b>html</b>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[a](/posts/1)"
    html = await render_markdown(text)
    assert isinstance(html, Markup)
    for part in ("<h1>Title</h1>", "<strong>bold</strong>", "<s>gone</s>", "<b>html</b>", "<td>2</td>"):
        assert part in html
    assert '<a href="/posts/1" rel="nofollow noopener noreferrer">a</a>' in html
    assert await render_markdown(None) == Markup("")
    assert isinstance(render_excerpt(None), Markup)


async def test_images_are_shown_from_the_site_and_from_allowed_hosts():
    far = (
        "//e.example/x.png",
        "///e.example/x.png",
        "https://e.example/x.png",
        "http://ok.example/x.png",
        "https://[/x",
    )
    for address in far:
        for text in (f"![words](<{address}>)", f'<img src="{address}" alt="words">'):
            html = str(await render_markdown(text, image_hosts=("ok.example",)))
            assert not re.search(r"<img[^>]* src", html), html
            assert "words" in html
    for address in ("/\\e.example/x.png", " \t/\n//e.example/x.png", "\\\\/e.example/x.png"):  # read as //e.example
        assert "src" not in await render_markdown(f'<img src="{address}">'), address
    near = ("/media/x.png", "x.png", "https://ok.example/x.png", "https://OK.example/x.png")
    for address in near:
        html = str(await render_markdown(f'![words]({address}) <img src="{address}">', image_hosts=("ok.example",)))
        assert html.count(f'<img src="{address}"') == 2, html
    assert '<a href="https://e.example/x.png"' in await render_markdown("![words](https://e.example/x.png)")


async def test_rendering_the_worst_texts_does_not_block_other_requests():
    """Texts of open brackets, of nested elements and of short rows in a wide table."""
    wide = "|" + "a|" * 500 + "\n|" + "-|" * 500 + "\n" + "|\n" * 2_000
    for text in ("[" * 20_000, "<div>" * 4_000, wide):
        rendering = asyncio.create_task(render_markdown(text))
        turns = 0
        while not rendering.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert turns > 1  # 1 where it held the loop until it was done
        assert len(await rendering) < 10 * LONGEST


async def test_a_text_that_is_too_long_is_not_rendered():
    html = await render_markdown("<b>" + "*" * LONGEST)
    assert html.startswith("<pre>&lt;b&gt;***")


def test_an_excerpt_ends_between_paragraphs_and_is_short_enough_to_be_rendered_at_once():
    assert render_excerpt("*One*\n\nTwo\n\nThree", longest=12) == Markup("<p><em>One</em></p>\n<p>Two…</p>\n")
    assert render_excerpt("words " * 1000).endswith("…</p>\n")
    assert len(render_excerpt("words " * 1000)) < EXCERPT + 20
    for wrong in (0, EXCERPT + 1):
        with pytest.raises(ValueError, match="expected 1 to 2000"):
            render_excerpt("", longest=wrong)
