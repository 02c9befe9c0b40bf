"""Shorten texts for lists, headings and messages: after a word if possible, and never within a grapheme cluster.

A user-perceived character may consist of several code points: a letter with accents, a flag, a family of emoji.
"""

import unicodedata

LONGEST_TITLE = 150  # characters of an object's title, and of a text in a list
ELLIPSIS = "…"
JOINER = "\u200d"  # zero-width joiner: joins several emoji into one
FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # regional indicators: two of them make a flag
LONGEST_CHARACTER = 64  # code points in one grapheme cluster; a longer one is malicious, and is cut


def shorten(text: str, longest: int = LONGEST_TITLE) -> str:
    """Return a text of at most `longest` code points: unchanged, or its beginning with an ellipsis."""
    if len(text) <= longest:
        return text
    end = longest - len(ELLIPSIS)
    space = text.rfind(" ", end * 2 // 3, end + 1)
    if space > 0:
        return f"{text[:space].rstrip()}{ELLIPSIS}"
    start = next((at for at in range(end, max(end - LONGEST_CHARACTER, 0), -1) if not _goes_on(text, at)), end)
    return f"{text[:start]}{ELLIPSIS}"


def _goes_on(text: str, at: int) -> bool:
    """Return whether a cut before position `at` would divide a grapheme cluster."""
    code = text[at]
    if unicodedata.category(code).startswith("M") or code == JOINER or text[at - 1] == JOINER:
        return True
    # Skin tones, tag characters of flags, and the vowels and final consonants of Korean syllables.
    if "\U0001f3fb" <= code <= "\U0001f3ff" or "\U000e0020" <= code <= "\U000e007f" or "\u1160" <= code <= "\u11ff":
        return True
    before = text[:at]
    letters = len(before) - len(before.rstrip(FLAG_LETTERS))
    return letters % 2 == 1 and code in FLAG_LETTERS
