"""A comment is called by its beginning, which ends after a word or at least with a whole character."""

import pytest

from plugins.comments.models import LONGEST_TITLE, Comment


@pytest.mark.parametrize(
    "character",
    [
        "e\u0301",  # an accent of its own
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",  # a family
        "\U0001f1e9\U0001f1ea",  # a flag
    ],
)
@pytest.mark.parametrize("before", ["", "Oh! ", " " * 190, "x" * 58])
def test_no_character_of_a_title_is_cut_in_two(character, before):
    title = str(Comment(content=before + character * 100))
    assert len(title) <= LONGEST_TITLE
    assert title.endswith("…")
    assert set(title.removesuffix("…").removeprefix(before.lstrip()).strip().split(character)) <= {""}


def test_a_short_comment_is_called_by_all_its_words_in_one_line():
    assert str(Comment(content="One\n  two\tthree ")) == "One two three"
    assert str(Comment(content="word " * 50)) == "word word word word word word word word word word word word…"[:60]
