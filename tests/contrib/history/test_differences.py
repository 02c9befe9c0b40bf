"""A change as a person reads it: fields side by side, with the words that differ marked."""

from time import process_time

import pytest

from dovetail.contrib.history.differences import Part, differences, text_of
from dovetail.contrib.history.recording.recorded import REDACTED


def marked(parts) -> list[str]:
    return [part.text for part in parts if part.is_marked]


def test_the_words_that_differ_are_marked_on_both_sides():
    (found,) = differences({"title": "An old, red house"}, {"title": "A new, red house"})
    assert (marked(found.before), marked(found.after)) == (["An", "old"], ["A", "new"])
    assert "".join(part.text for part in found.before) == "An old, red house"


def test_equal_fields_are_left_out_but_changed_secrets_are_not():
    same = {"title": "A", "password": REDACTED}
    assert [one.field for one in differences(same, same)] == ["password"]


def test_an_added_object_has_no_left_side_and_a_deleted_one_no_right_side():
    (added,) = differences({}, {"title": "A"})
    assert (list(added.before), list(added.after)) == ([], [Part("A", is_marked=False)])
    (gone,) = differences({"title": "A"}, {})
    assert (list(gone.before), list(gone.after)) == ([Part("A", is_marked=False)], [])


def test_the_difference_of_very_long_texts_is_marked_as_a_whole():
    (found,) = differences({"text": "I " + "a " * 2000 + "end"}, {"text": "I " + "b " * 2000 + "end"})
    assert [len(marked(found.before)), len(marked(found.after))] == [1, 1]
    assert [found.before[0], found.before[-1]] == [Part("I ", is_marked=False), Part(" end", is_marked=False)]


def test_single_words_of_a_long_text_are_marked():
    text = " ".join(f"word{number}" for number in range(5000))
    (found,) = differences({"text": text}, {"text": text.replace("word2500 ", "").replace("word2510", "new")})
    assert (marked(found.before), marked(found.after)) == (["word2500 ", "word2510"], ["new"])


def test_repetitive_texts_are_compared_quickly():
    begun = process_time()
    differences({"text": "a b " * 2500}, {"text": "b a a " * 1600})
    differences({"text": "a b " * 240}, {"text": "b a a " * 160})
    assert process_time() - begun < 1


@pytest.mark.parametrize(
    ("value", "text"), [(None, "—"), (True, "yes"), (False, "no"), (3, "3"), ("a", "a"), ({"a": [1]}, '{"a":[1]}')]
)
def test_json_values_are_shown_as_text(value, text):
    assert text_of(value) == text
