"""Convert names in code (of columns, classes and choices) to words for people."""

import re
from enum import Enum
from functools import lru_cache

ABBREVIATIONS = frozenset(
    (
        *("api", "css", "csv", "dns", "html", "http", "https", "iban", "id", "ip", "isbn", "json", "pdf", "rss", "sms"),
        *("smtp", "sql", "svg", "tls", "uri", "url", "utc", "uuid", "xml", "yaml"),
    )
)
LONGEST_CODE = 3  # GB, USB: longer names in capitals are constants and become lower case
# Where a new word begins in the name of a class; the plural s in GPUs does not begin one.
BEGINNINGS = re.compile(r"(?<=[^\WA-Z_])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s(?:[A-Z]|$))[^\WA-Z_])")


@lru_cache(maxsize=1024)  # startup converts the name of each column several times
def in_words(name: str) -> str:
    """Return the name of an action or relation, or the value of a choice, in words: `send_csv` is `Send CSV`."""
    if name.isupper() and len(name) <= LONGEST_CODE:
        return name
    words = " ".join(map(_word, name.replace("_", " ").split(" ")))
    return words[:1].upper() + words[1:]


def column_in_words(name: str) -> str:
    """Return the name of a column in words: `request_id` is `Request ID`; `email` is `E-mail address`."""
    return "E-mail address" if name == "email" else in_words(name.strip("_") or name)


def class_in_words(name: str) -> str:
    """Return the name of a class in words: `BlogPost` is `Blog post`, and `APIToken` is `API token`."""
    first, *others = BEGINNINGS.split(name)
    return " ".join([first, *(one if one[1:] != one[1:].lower() else one.lower() for one in others)])


def choice_in_words(choice: Enum) -> str:
    """Return a member of an enumeration in words: its `label`, as in Django, or else its value."""
    label = getattr(choice, "label", None)
    return label if isinstance(label, str) else in_words(str(choice.value))


def _word(word: str) -> str:
    small = word.lower()
    if small in ABBREVIATIONS:
        return small.upper()
    if small.endswith("s") and small[:-1] in ABBREVIATIONS:
        return f"{small[:-1].upper()}s"
    if small in {"email", "emails"}:
        return small.replace("e", "e-", 1)
    is_own = not word.isupper() and not word[1:].islower()  # PostgreSQL, eBook: keep the author's spelling
    return word if is_own else small
