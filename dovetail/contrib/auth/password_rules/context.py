"""Words that others know of a user, or of the site: an attacker tries them first."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from dovetail.contrib.auth.password_rules.rule import About
from dovetail.translation.texts import gettext

MAXIMUM_SIMILARITY = 0.7  # of SequenceMatcher's ratio, as in Django's UserAttributeSimilarityValidator
SHORTEST_PART = 3  # a shorter part of a name says too little to compare with
SHORTEST_WORD = 5  # of what a password is searched for
LARGEST_SHARE = 0.5  # of the password that such words may make up


class NotPersonal:
    """Not the name, the address or the site, nor mostly made of them; `words` are more of your own."""

    def __init__(self, *, words: Sequence[str] = ()) -> None:
        self._words = tuple(words)

    def problems(self, password: str, about: About) -> Iterator[str]:
        """Yield a sentence for each thing that the password is too much like."""
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
