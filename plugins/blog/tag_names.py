"""One spelling for every tag: "Async  Python" and "ASYNC python" are the same."""

import unicodedata
from functools import lru_cache

LONGEST = 50  # characters
LONGEST_TYPED = 200  # characters: spaces and capitals are tidied up, so that a longer text may be good enough

# Zero-width (non-)joiners are letters' business in Persian, in Indic scripts and in emoji.
_JOINERS = {"\u200c", "\u200d"}


@lru_cache(maxsize=2_000)  # the same few come with nearly every post, and are asked for more than once on the way
def normalize_tag_name(name: str) -> str:
    """Return the spelling under which a tag is stored: NFKC, lower case, single spaces.

    Raises ValueError for a name that is empty, too long or holds characters that nobody can see.
    """
    if len(name) > LONGEST_TYPED:
        raise ValueError(f"a tag's name has at most {LONGEST} characters, found {len(name)}")
    composed = fold(name)
    if len(composed) > 10 * LONGEST:  # one sign may stand for a sentence (U+FDFA), and letters with marks become one
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
