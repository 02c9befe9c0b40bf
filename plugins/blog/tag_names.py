"""One spelling for every tag: "Async  Python" and "ASYNC python" are the same."""

import unicodedata
from functools import lru_cache

LONGEST = 50  # characters
LONGEST_TYPED = 200  # characters of what a user may type: without its superfluous spaces it may be short enough

# Zero-width joiners and non-joiners are needed in Persian, in Indic scripts and in emoji.
_JOINERS = {"\u200c", "\u200d"}


@lru_cache(maxsize=2_000)  # most posts have the same few tags, and a request normalizes each more than once
def normalize_tag_name(name: str) -> str:
    """Return the spelling under which a tag is stored: NFKC, lower case, single spaces.

    Raises ValueError for a name that is empty, too long or holds characters that nobody can see.
    """
    if len(name) > LONGEST_TYPED:
        raise ValueError(f"a tag's name has at most {LONGEST} characters, found {len(name)}")
    composed = fold(name)
    if len(composed) > 10 * LONGEST:  # NFKC makes a sentence of one character (U+FDFA), and one of a letter with marks
        raise ValueError(f"a tag's name has at most {LONGEST} characters, found {len(composed)}")
    normal = " ".join(unicodedata.normalize("NFKC", composed).split())
    invisible = [character for character in normal if not character.isprintable() and character not in _JOINERS]
    if invisible:
        raise ValueError(f"a tag's name cannot hold the character U+{ord(invisible[0]):04X}")
    if not normal.strip("".join(_JOINERS)):
        raise ValueError("a tag needs a name")
    if len(normal) > LONGEST:
        raise ValueError(f"a tag's name has at most {LONGEST} characters, found {len(normal)}")
    return normal


def fold(name: str) -> str:
    """Return a name of at most LONGEST_TYPED characters in NFKC and lower case, with single spaces.

    Normalising takes quadratic time for a letter with many marks (https://unicode.org/reports/tr15/, section 13), so
    a longer one is refused with a ValueError.
    """
    if len(name) > LONGEST_TYPED:
        raise ValueError(f"expected at most {LONGEST_TYPED} characters, found {len(name)}")
    return " ".join(unicodedata.normalize("NFKC", name).lower().split())
