"""The README and docs/ are followed word for word: every command is typed and every code block is run."""

import re
from pathlib import Path

import pytest

from tests.docs.reader import REPOSITORY, Reader, blocks

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
FOLLOWED = [page for page in PAGES if any(block.is_typed for block in blocks(page))]  # the others are only read
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SECTION = re.compile(r"\]\((?!https?:)([^)\s#]*)#([^)\s]+)\)")
LINK = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.name)
def test_every_block_of_the_page_works_as_written(page: Path, tmp_path: Path):
    reader = Reader(tmp_path, hurried=page.name != "README.md")
    try:
        for block in blocks(page):
            reader.assert_works(block)
    finally:
        reader.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_links_to_files_that_exist(page: Path):
    text = page.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in LINK.findall(text)]
    assert [link for link in links if link and not (page.parent / link).exists()] == []


def test_a_link_to_a_section_leads_to_a_heading():
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    anchors = {page: {anchor_of(one) for one in HEADING.findall(text)} for page, text in texts.items()}
    lost = []
    for page, text in texts.items():
        for target, anchor in SECTION.findall(text):
            there = (page.parent / target).resolve() if target else page
            lost += [f"{page.name}: {target}#{anchor}"] if anchor not in anchors.get(there, {anchor}) else []
    assert lost == []


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_readme_leads_to_every_page():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"](docs/{page.name})" not in readme] == []


def test_the_settings_in_the_readme_are_those_of_this_site_and_a_shop():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    written = readme.partition("# config/settings.py\n")[2].partition("```")[0]
    own = (REPOSITORY / "config" / "settings.py").read_text(encoding="utf-8")
    own = own.replace('"plugins.wordpress_comments",\n', '"plugins.wordpress_comments",\n        "plugins.shop",\n')
    assert written == own.replace("comments and a back office.", "comments, a back office and a shop.")
