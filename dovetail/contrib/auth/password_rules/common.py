"""Refuse common passwords, and passwords made of them.

The list has the 68,000 most common passwords of leaked collections, in lower case: 13,000 with at least 15 characters,
34,000 with at least 8, and shorter ones, of which longer ones are made. It combines the lists of zxcvbn-ts
(@zxcvbn-ts/language-common 4.1.3) and Django (common-passwords.txt), and long passwords from SecLists;
common_passwords.LICENSE.txt names their authors and licenses. It is loaded for the first new password, which takes 50
ms and 8 MB.
"""

import re
import string
from collections.abc import Iterator
from functools import cache

from dovetail.contrib.auth.password_rules.rule import AccountDetails
from dovetail.translation.texts import gettext

ADDED = string.digits + string.punctuation + " "  # what people add to satisfy rules: "Password2024!"
BETWEEN = re.compile(r"[\W_]+")
SHORTEST_PIECE = 4
MAX_PIECES = 2
LONGEST_RUN = 3  # characters of a repeated pattern, as in abcabcabc
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "1234567890", string.ascii_lowercase)


class NotCommon:
    """No common password, and none made of two common ones, a repetition, or a pattern of keys."""

    def problems(self, password: str, about: AccountDetails) -> Iterator[str]:  # noqa: ARG002 - part of the interface
        """Yield a sentence if the password is common."""
        text = password.casefold()
        if text in common_passwords() or _has_common_core(text) or _is_pattern(text):
            yield gettext("The password is one of the most common ones, or made of them.")


@cache
def common_passwords() -> frozenset[str]:
    """Return the list, in lower case."""
    # Imported here, since few processes handle new passwords.
    import lzma
    from importlib.resources import files

    packed = (files("dovetail.contrib.auth.password_rules") / "common_passwords.txt.xz").read_bytes()
    return frozenset(lzma.decompress(packed).decode("ascii").split("\n")) - {""}


def _has_common_core(text: str) -> bool:
    core = BETWEEN.sub("", text)
    return any(_is_made_of_common(one, MAX_PIECES) for one in {core, core.strip(ADDED)} if one)


def _is_made_of_common(text: str, pieces: int) -> bool:
    if text in common_passwords() or _is_pattern(text):
        return True
    if pieces == 1:
        return False
    ends = range(SHORTEST_PIECE, len(text) - SHORTEST_PIECE + 1)
    return any(_is_made_of_common(text[:end], 1) and _is_made_of_common(text[end:], pieces - 1) for end in ends)


def _is_pattern(text: str) -> bool:
    """Return whether a text repeats something short or common, or follows a row of keys."""
    for length in range(1, len(text) // 2 + 1):
        unit = text[:length]
        repeated = (unit * (len(text) // length + 1))[: len(text)] == text
        if repeated and (length <= LONGEST_RUN or unit in common_passwords()):
            return True
    return any(text in direction * 3 for row in ROWS for direction in (row, row[::-1]))
