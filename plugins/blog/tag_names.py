"""Normalize the names of tags, so that "Async  Python" and "ASYNC python" are the same tag."""

import unicodedata
from functools import lru_cache

LONGEST = 50  # characters
LONGEST_TYPED = 200  # characters of user input, which may become shorter when spaces are collapsed

# Zero-width joiners and non-joiners are needed in Persian, in Indic scripts and in emoji.
_JOINERS = {"\u200c", "\u200d"}


@lru_cache(maxsize=2_000)  # most posts share a few tags, and a request normalizes each several times
def normalize_tag_name(name: str) -> str:
    """Return the name under which a tag is stored: NFKC, lower case, single spaces.

    Raise ValueError if the name is empty or too long, or contains invisible characters.
    """
    if len(name) > LONGEST_TYPED:
        raise ValueError(f"a tag's name has at most {LONGEST} characters, found {len(name)}")
    composed = fold(name)
    if len(composed) > 10 * LONGEST:  # NFKC can expand one character to a whole phrase (U+FDFA)
        raise ValueError(f"a tag's name has at most {LONGEST} characters, found {len(composed)}")
    normal = " ".join(unicodedata.normalize("NFKC", composed).split())
    invisible = [character for character in normal if not character.isprintable() and character not in _JOINERS]
    if invisible:
        raise ValueError(f"a tag's name cannot contain the character U+{ord(invisible[0]):04X}")
    if not normal.strip("".join(_JOINERS)):
        raise ValueError("a tag needs a name")
    if len(normal) > LONGEST:
        raise ValueError(f"a tag's name has at most {LONGEST} characters, found {len(normal)}")
    return normal


def fold(name: str) -> str:
    """Return the name in NFKC and lower case, with single spaces.

    Raise ValueError if it has more than LONGEST_TYPED characters: normalization takes quadratic time for a letter with
    many combining marks (https://unicode.org/reports/tr15/, section 13).
    """
    if len(name) > LONGEST_TYPED:
        raise ValueError(f"expected at most {LONGEST_TYPED} characters, found {len(name)}")
    return " ".join(unicodedata.normalize("NFKC", name).lower().split())
