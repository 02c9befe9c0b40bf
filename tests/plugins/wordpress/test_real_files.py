"""Whole files through the command: our own always, and real exports that lie beside the checkout.

DOVETAIL_WORDPRESS_FILES names another folder with exports. What arrives is compared with counts made independently of
our reader, by the standard library's ElementTree.
"""

import html
import os
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.plugins.wordpress.support import FILES, Site

BESIDE = Path(__file__).parents[4] / "shared" / "data"
FOLDERS = (FILES, Path(os.environ.get("DOVETAIL_WORDPRESS_FILES") or BESIDE))
EXPORTS = sorted(path for folder in FOLDERS for path in folder.glob("*.xml"))


def children(element: ET.Element, name: str) -> list[str]:
    return [found.text or "" for found in element if re.sub(r"\{.*\}", "", found.tag) == name]


def of_content(item: ET.Element) -> str:
    return item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded") or ""


def posts_in(path: Path) -> list[ET.Element]:
    content = path.read_bytes()
    if path.name == "wxr-1.0.xml":  # the one that is not quite XML
        content = content.replace(b"&nbsp;", b"&#160;")
    root = ET.fromstring(content)
    return [item for item in root.iter("item") if children(item, "post_type") == ["post"]]


def remarks_in(item: ET.Element) -> list[ET.Element]:
    found = [element for element in item if element.tag.endswith("}comment")]
    return [element for element in found if children(element, "comment_type") in ([""], ["comment"])]


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
def test_a_whole_file_arrives_and_a_second_run_adds_nothing(site: Site, path: Path) -> None:
    first = site.run(path)
    assert (first.code, first.out[:9]) == (0, "Imported:")
    posts = posts_in(path)
    counts = site.count_all()
    assert counts["blog_post"] == counts["blog_wordpress_item"] == len(posts)
    assert Counter(site.column("SELECT content FROM blog_post")) == Counter(map(of_content, posts))
    assert counts.get("comments_comment", 0) == sum(len(remarks_in(item)) for item in posts)
    tops = sum(children(remark, "comment_parent") == ["0"] for item in posts for remark in remarks_in(item))
    assert site.column("SELECT count(*) FROM comments_comment WHERE parent_id IS NULL") == [tops]

    second = site.run(path)
    assert second.out.startswith("Nothing new: not one row was added.")
    assert site.count_all() == counts


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
def test_every_title_date_and_tag_of_a_file_is_there(site: Site, path: Path) -> None:
    site.run(path)
    posts = posts_in(path)
    titles = Counter(html.unescape("".join(children(item, "title"))).strip() or "(no title)" for item in posts)
    assert Counter(site.column("SELECT title FROM blog_post")) == titles
    dates = Counter(children(item, "post_date_gmt")[0] for item in posts)
    found = Counter(str(value)[:19] for value in site.column("SELECT created_at FROM blog_post"))
    assert found.total() == dates.total()
    assert len(dates - found) == dates["0000-00-00 00:00:00"]
    links = {
        (number, " ".join(html.unescape(term.text or "").lower().split()))
        for number, item in enumerate(posts)
        for term in item.findall("category")
        if term.get("domain") in (None, "category", "post_tag", "tag")
    }
    assert site.count_all()["blog_post_tag"] == len(links)
    assert {name for _, name in links} <= set(site.column("SELECT name FROM blog_tag"))


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
def test_a_dry_run_of_a_file_promises_what_the_run_does(site: Site, path: Path) -> None:
    promised = site.run("--dry-run", path).out.splitlines()
    assert site.count_all() == {}
    assert site.run(path).out.splitlines() == promised[:-1]
