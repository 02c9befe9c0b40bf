"""Common passwords, and what is made of them.

The list has 68,000 that were found in leaked collections most often, without regard to case: 13,000 of 15 characters
or more, 34,000 of 8 or more, and the shorter ones, of which people make longer ones. It is that of zxcvbn-ts
(@zxcvbn-ts/language-common 4.1.3), that of Django (common-passwords.txt), and of SecLists the long ones among the
million most common and in its shorter lists; common_passwords.LICENSE.txt has who made them and on what terms. It is
read at the first new password, in 50 ms and 8 MB.
"""

import re
import string
from collections.abc import Iterator
from functools import cache

from dovetail.contrib.auth.password_rules.rule import About
from dovetail.translation.texts import gettext

ADDED = string.digits + string.punctuation + " "  # what people add where a rule wants more: "Password2024!"
BETWEEN = re.compile(r"[\W_]+")
SHORTEST_PIECE = 4
MOST_PIECES = 2
LONGEST_RUN = 3  # characters that a pattern repeats, as in abcabcabc
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "1234567890", string.ascii_lowercase)


class NotCommon:
    """None of the passwords that are tried first, nor one made of two of them, of one repeated, or of a pattern."""

    def problems(self, password: str, about: About) -> Iterator[str]:  # noqa: ARG002 - the interface hands it
        """Yield a sentence for a common password."""
        text = password.casefold()
        if text in common_passwords() or _has_common_core(text) or _is_pattern(text):
            yield gettext("The password is one of the most common ones, or made of them.")


@cache
def common_passwords() -> frozenset[str]:
    """Return the list, in small letters."""
    # Imported here: few processes are given a new password.
    import lzma
    from importlib.resources import files

    packed = (files("dovetail.contrib.auth.password_rules") / "common_passwords.txt.xz").read_bytes()
    return frozenset(lzma.decompress(packed).decode("ascii").split("\n")) - {""}


def _has_common_core(text: str) -> bool:
    core = BETWEEN.sub("", text)
    return any(_is_made_of_common(one, MOST_PIECES) for one in {core, core.strip(ADDED)} if one)


def _is_made_of_common(text: str, pieces: int) -> bool:
    if text in common_passwords() or _is_pattern(text):
        return True
    if pieces == 1:
        return False
    ends = range(SHORTEST_PIECE, len(text) - SHORTEST_PIECE + 1)
    return any(_is_made_of_common(text[:end], 1) and _is_made_of_common(text[end:], pieces - 1) for end in ends)


def _is_pattern(text: str) -> bool:
    """Return True for a text that repeats something short or common, or runs along a row of keys."""
    for length in range(1, len(text) // 2 + 1):
        unit = text[:length]
        repeated = (unit * (len(text) // length + 1))[: len(text)] == text
        if repeated and (length <= LONGEST_RUN or unit in common_passwords()):
            return True
    return any(text in direction * 3 for row in ROWS for direction in (row, row[::-1]))
