"""Refuse passwords similar to what is known about the user or the site, which attackers try first."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from dovetail.contrib.auth.password_rules.rule import AccountDetails
from dovetail.translation.texts import gettext

MAXIMUM_SIMILARITY = 0.7  # of SequenceMatcher's ratio, as in Django's UserAttributeSimilarityValidator
SHORTEST_PART = 3  # characters of a part of a name that is compared
SHORTEST_WORD = 5  # characters of a part that is searched for in the password
LARGEST_SHARE = 0.5  # of the password that such parts may make up


class NotPersonal:
    """No password similar to, or mostly made of, the username, address, name or site name, or your own `words`."""

    def __init__(self, *, words: Sequence[str] = ()) -> None:
        self._words = tuple(words)

    def problems(self, password: str, about: AccountDetails) -> Iterator[str]:
        """Yield a sentence for each value that the password is too similar to."""
        text = password.casefold()
        for value, name in (
            (about.username, gettext("the username")),
            (about.email, gettext("the e-mail address")),
            (about.full_name, gettext("your name")),
            (about.site_name, gettext("the name of this site")),
            *((word, gettext("a word that is tried first here")) for word in self._words),
        ):
            if _is_similar(text, value.casefold()):
                yield gettext("The password is too similar to %(name)s.") % {"name": name}


def _is_similar(password: str, value: str) -> bool:
    parts = {part for part in (value, *re.split(r"\W+", value)) if len(part) >= SHORTEST_PART}
    if any(SequenceMatcher(a=password, b=part).quick_ratio() >= MAXIMUM_SIMILARITY for part in parts):
        return True
    rest = password
    for part in sorted((part for part in parts if len(part) >= SHORTEST_WORD), key=len, reverse=True):
        rest = rest.replace(part, "")
    return len(rest) < len(password) * LARGEST_SHARE
