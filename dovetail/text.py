"""Text that strangers send: it is measured before anything is done with it.

Unicode's normalisation takes quadratic time for a letter with many marks: 80,000 of them stop a process for seconds,
2,000 for 3 ms. So there is one function that normalises, and it needs to know how long a text may be.
(https://unicode.org/reports/tr15/, section 13: a stream-safe text has at most 30 marks in a row)
"""

import unicodedata

LONGEST_NORMALIZED = 2_000  # characters; what costs a few milliseconds at worst


def normalize(text: str, *, maximum: int) -> str:
    """`text` in Unicode's form NFKC. Raises ValueError, before it does any work, for more than `maximum` characters."""
    if maximum > LONGEST_NORMALIZED:
        raise TypeError(f"the limit is {maximum}, expected {LONGEST_NORMALIZED} or less: normalising takes too long")
    if len(text) > maximum:
        raise ValueError(f"the text has {len(text)} characters, expected {maximum} or fewer")
    return unicodedata.normalize("NFKC", text)
