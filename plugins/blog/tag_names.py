"""One spelling for every tag: "Async  Python" and "ASYNC python" are the same."""

import unicodedata

LONGEST = 50  # characters

# Zero-width (non-)joiners are letters' business in Persian, in Indic scripts and in emoji.
_JOINERS = {"\u200c", "\u200d"}


def normalize_tag_name(name: str) -> str:
    """The spelling under which a tag is stored: NFKC, lower case, single spaces.

    Raises ValueError for a name that is empty, too long or holds characters that nobody can see.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).lower())
    normal = " ".join(folded.split())
    invisible = [character for character in normal if not character.isprintable() and character not in _JOINERS]
    if invisible:
        raise ValueError(f"a tag's name cannot hold the character U+{ord(invisible[0]):04X}")
    if not normal.strip("".join(_JOINERS)):
        raise ValueError("a tag needs a name")
    if len(normal) > LONGEST:
        raise ValueError(f"a tag's name has at most {LONGEST} characters, found {len(normal)}")
    return normal
