"""One spelling for every tag."""

import pytest

from plugins.blog.tag_names import LONGEST, normalize_tag_name


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Python", "python"),
        ("  async \t\n Python ", "async python"),
        ("\uff30ython", "python"),  # a full-width P
        ("\ufb01sh", "fish"),  # the ligature fi
        ("cafe\u0301", "caf\u00e9"),  # an accent of its own
        ("Straße", "straße"),
        ("C#", "c#"),
        ("100%", "100%"),
        ("a/b", "a/b"),
        ("日本語", "日本語"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("x" * LONGEST, "x" * LONGEST),
    ],
)
def test_spellings_of_one_word_become_one_tag_and_stay_as_they_are(given, stored):
    assert normalize_tag_name(given) == stored
    assert normalize_tag_name(stored) == stored


@pytest.mark.parametrize("character", [chr(code) for code in (0x130, 0x1E9E, 0x3F4, 0x212A, 0x2163, 0x1D400, 0xFDFA)])
def test_normalizing_twice_changes_nothing(character):
    once = normalize_tag_name(character)
    assert normalize_tag_name(once) == once


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "needs a name"),
        (" \u3000\n", "needs a name"),
        ("\u200d", "needs a name"),
        ("x" * (LONGEST + 1), "at most 50"),
        ("\ufdfa" * 3, "at most 50"),  # one character that NFKC writes as eighteen
        ("a\x00b", r"U\+0000"),
        ("a\u200bb", r"U\+200B"),
        ("a\u202eb", r"U\+202E"),
        ("a\ud800b", r"U\+D800"),
    ],
)
def test_a_name_that_nobody_could_read_is_refused_with_the_reason(name, reason):
    with pytest.raises(ValueError, match=reason):
        normalize_tag_name(name)
