"""Plugins that bring to the back office what it cannot show or await are refused at the start, in one line."""

import pytest
from jinja2 import DictLoader, Environment

from dovetail.contrib.admin.pages.extras import ObjectPage, check_notes, check_pages
from dovetail.errors import ConfigurationError

TEMPLATES = Environment(loader=DictLoader({"prices.html": "", "odd.html": "{% if"}), autoescape=True)


async def load(*_: object) -> None:
    """Find nothing to show."""


def page(name: str = "prices", template: str = "prices.html") -> ObjectPage:
    return ObjectPage(name=name, title="Prices", template=template, load=load)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([page("change")], "no page of objects can be called 'change'"),
        ([page("a/b")], "no page of objects can be called 'a/b'"),
        ([page(), page()], "two pages of objects are called 'prices'"),
        ([page(template="none.html")], "ObjectPage 'Prices' names 'none.html', which is no template"),
        ([page(template="odd.html")], "ObjectPage 'Prices' names 'odd.html', which Jinja cannot read: line 1"),
        (["prices"], "the extension point 'admin.object_pages' holds 'prices', expected an ObjectPage"),
    ],
)
def test_a_page_of_objects_that_cannot_be_shown_is_refused(given, reason):
    assert check_pages([page()], TEMPLATES) == [page()]
    with pytest.raises(ConfigurationError, match=reason):
        check_pages(given, TEMPLATES)


def test_a_note_on_messages_that_cannot_be_awaited_is_refused():
    assert check_notes([load]) == [load]
    with pytest.raises(ConfigurationError, match=r"'admin.message_notes' holds .*, expected async def note\(request\)"):
        check_notes([lambda request: None])
