"""The views that the pages of the docs show pass the checks at the start of a site."""

from collections.abc import Iterator

from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.views import ModelAdmin
from tests.docs.reader import REPOSITORY, blocks

PAGES = sorted((REPOSITORY / "docs").glob("back-office*.md"))


def views() -> Iterator[type[ModelAdmin]]:
    for page in PAGES:
        for block in blocks(page):
            if block.language == "python" and "(ModelAdmin, model=" in block.text:
                names: dict[str, object] = {"__name__": page.stem}
                exec(block.text, names)
                yield from (one for one in names.values() if isinstance(one, type) and one.__module__ == page.stem)


def test_every_view_in_the_pages_on_the_back_office_is_accepted():
    found = [one for one in views() if issubclass(one, ModelAdmin)]
    assert {one.__name__ for one in found} >= {"DraftAdmin", "PostListAdmin", "TalkAdmin", "PostActionsAdmin"}
    assert [problem for one in found for problem in find_problems(one)] == []
