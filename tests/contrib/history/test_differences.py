"""A change as a person reads it: fields side by side, with the words that differ marked."""

import pytest

from dovetail.contrib.history.differences import MOST, REDACTED, Part, differences, text_of


def marked(parts) -> list[str]:
    return [part.text for part in parts if part.is_marked]


def test_the_words_that_differ_are_marked_on_both_sides():
    (found,) = differences({"title": "An old, red house"}, {"title": "A new, red house"})
    assert (marked(found.before), marked(found.after)) == (["An", "old"], ["A", "new"])
    assert "".join(part.text for part in found.before) == "An old, red house"


def test_what_is_equal_is_left_out_and_a_secret_that_changed_is_not():
    same = {"title": "A", "password": REDACTED}
    assert [one.field for one in differences(same, same)] == ["password"]


def test_what_was_added_has_nothing_on_the_left_and_what_was_deleted_nothing_on_the_right():
    (added,) = differences({}, {"title": "A"})
    assert (list(added.before), list(added.after)) == ([], [Part("A", is_marked=False)])
    (gone,) = differences({"title": "A"}, {})
    assert (list(gone.before), list(gone.after)) == ([Part("A", is_marked=False)], [])


def test_very_long_texts_are_marked_as_a_whole():
    (found,) = differences({"text": "a " * MOST}, {"text": "b " * MOST})
    assert [len(found.before), len(found.after)] == [1, 1]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "—"), (True, "yes"), (False, "no"), (3, "3"), ("a", "a"), ({"a": [1]}, '{"a":[1]}')]
)
def test_values_of_json_are_told_as_texts(value, text):
    assert text_of(value) == text
