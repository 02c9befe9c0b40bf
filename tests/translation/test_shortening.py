"""A long text is cut after a word, and never within what a reader takes for one character."""

import pytest

from dovetail.translation.shortening import LONGEST_TITLE, shorten


def test_a_short_text_is_unchanged_and_a_long_one_ends_after_a_word():
    assert shorten("x" * LONGEST_TITLE) == "x" * LONGEST_TITLE
    assert shorten("One two three four", 16) == "One two three…"
    assert shorten("To aftermaths and", 10) == "To afterm…"  # too much would go with the word


@pytest.mark.parametrize(
    "character",
    [
        "e\u0301",  # an accent of its own
        "\U0001f1e9\U0001f1ea",  # a flag of two letters
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",  # a family
        "\U0001f44d\U0001f3fd",  # a thumb with a colour
        "\u2764\ufe0f",  # a heart as an emoji
        "\u1112\u1161\u11ab",  # a syllable of three letters
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
    ],
)
def test_no_character_is_cut_in_two(character):
    for longest in range(20, 40):
        short = shorten(character * 40, longest)
        assert len(short) <= longest
        assert short.endswith("…")
        assert set(short.removesuffix("…").split(character)) == {""}, short


def test_an_endless_sequence_of_accents_is_cut():
    assert 1 < len(shorten("a" + "\u0301" * 5_000, 100)) <= 100
