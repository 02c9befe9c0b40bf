"""Conditions are joined by and, or and brackets in an address, as far as the filters of the list allow each of them."""

import json
import re
from html import unescape

import pytest

from dovetail.contrib.admin.lists.where_text import DEEPEST, MOST, Condition, Group, NestedFilterError, parse, write
from tests.contrib.admin.options.test_columns import titles

FOUND = [
    ("stage is waiting", ["Book", "Dice"]),
    ("stage is_not waiting", ["Anvil", "Chair"]),
    ("stage is waiting and is_paid is true or weight > 50", ["Anvil", "Dice"]),
    ("stage is waiting and (is_paid is true or weight > 50)", ["Dice"]),
    ("weight >= 7 and weight < 90", ["Chair"]),
    ("weight = 1 or weight = 7", ["Book", "Chair", "Dice"]),
    ("weight != 1", ["Anvil", "Chair"]),
    ("WEIGHT is x", None),
    ("sent_on is null and (weight = 1 OR weight = 7) AND is_paid is false", ["Book", "Chair"]),
    ("sent_on is today", []),
    ("sent_on is_not today", ["Anvil", "Book", "Chair", "Dice"]),
    ("sent_on < 2026-01-31", []),
    ('((((stage is "waiting"))))', ["Book", "Dice"]),
]
REFUSED = {
    "stage": "at character 6 the filter ends, expected a comparison after stage",
    "stage is": "the filter ends, expected a value after stage is",
    "stage is waiting weight > 3": "at character 18 it says 'weight', expected and, or, or nothing more",
    "(stage is waiting": "the filter ends, expected ) for the bracket at character 1",
    "and": "expected a comparison after and",
    ") or": "at character 1 it says ')', expected the name of what to filter by",
    '(stage is waiting ")"': """it says ')', expected ) for the bracket at character 1""",
    'stage is "waiting': """it says '"', expected a value""",
    "label contains x": "this list is not filtered by 'label'; it is by stage, is_paid, sent_on, courier, weight.",
    "stage contains x": "stage is compared by is, is_not, not by contains",
    "stage is lost": "stage is one of waiting, on_its_way, delivered, not 'lost'",
    "weight > heavy": "At character 1: ",
    "sent_on > soon": "At character 1: ",
    "(" * (DEEPEST + 1) + "weight = 1" + ")" * (DEEPEST + 1): "more than 5 brackets in each other",
    " or ".join(["weight = 1"] * (MOST + 1)): "more than 30 conditions",
    "weight = 1" + " " * 2000: "The filter has 2,010 characters, and may have 2,000.",
}


async def test_conditions_are_joined_by_and_or_and_brackets(office, parcels, path_to):
    for text, found in FOUND:
        page = await office.get(path_to("parcels"), where=text)
        if found is None:
            assert page.status_code == 400
        else:
            assert titles(page) == found, text


async def test_a_filter_that_makes_no_sense_is_told_in_words_beside_it_and_lists_nothing(office, parcels, path_to):
    for text, words in list(REFUSED.items())[:8]:
        page = await office.get(path_to("parcels"), where=text, search="a")
        assert page.status_code == 400
        alert = re.search(r'id="builder-error">(.*?)</div>', page.text)[1]
        assert words in unescape(alert), text
        assert 'name="pks"' not in page.text
        assert f'value="{text}"' in unescape(page.text) or '"' in text
    for text, words in list(REFUSED.items())[8:]:
        answer = await office.get(path_to("parcels", "export", export_type="csv"), where=text)
        assert answer.status_code == 400
        assert words in unescape(answer.text), text


async def test_related_objects_are_filtered_by_as_far_as_one_may_know_of_them(office, parcels, path_to, session):
    ann = parcels[0].courier_id
    assert titles(await office.get(path_to("parcels"), where=f"courier is {ann}")) == ["Anvil", "Chair"]
    page = await office.get(path_to("parcels"), where=f"courier is_not {ann} and weight = 1")
    assert titles(page) == ["Book", "Dice"]
    tree = json.loads(unescape(re.search(r'data-tree="(.*?)"', page.text)[1]))
    assert tree == {
        "joinedBy": "and",
        "parts": [
            {"name": "courier", "comparison": "is_not", "value": str(ann), "text": "Ann"},
            {"name": "weight", "comparison": "=", "value": "1", "text": "1"},
        ],
    }


@pytest.mark.parametrize("text", ['label = "a \\"quoted\\" \\\\ one"', "a is b and (c is d or e is f)", 'x = ""'])
def test_what_is_read_can_be_written_and_read_again(text):
    assert parse(write(parse(text))) == parse(text)
    assert write(parse(text)) == text


def test_and_binds_before_or():
    read = parse("a = 1 or b = 2 and c = 3")
    assert isinstance(read, Group)
    assert (read.joined_by, len(read.parts)) == ("or", 2)
    assert read.parts[0] == Condition("a", "=", "1", 1)


@pytest.mark.parametrize(
    "text", ['"', "\\", "a = ", "(((((", ")", "a = 1)", 'a = "\\', "\0", "a is b or", "= = =", "!"]
)
def test_what_is_no_filter_is_told_to_be_none(text):
    with pytest.raises(NestedFilterError, match="The filter is not complete"):
        parse(text)
