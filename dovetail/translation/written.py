"""Say what was written down in English, as in a log, in the language of who reads it.

    WORDS = Written(
        {"office": gettext_lazy("back office")},
        gettext_lazy("%(said)s by %(name)s"),
        gettext_lazy("deleted"),
    )
    WORDS.say("deleted by ada")  # "von ada gelöscht"

What stands at a place whose name begins with `said` is said in its turn; other places hold names, which stay as they
are. A text that no sentence fits is looked up as a whole, and stays as it is where no catalog has it.
"""

import re
from collections.abc import Iterator, Mapping

from dovetail.translation.texts import gettext

PLACE = re.compile(r"%\((\w+)\)s")
HOLD = {"count": r"\d+", "number": r"\d+", "method": r"\S+"}  # places that hold no other text
DEEPEST = 5  # sentences within each other


class Written:
    """The words and sentences that may have been written down; of several that fit a text the first counts."""

    def __init__(self, words: Mapping[str, str], *sentences: str) -> None:
        self._words = words
        self._sentences = [(one, re.compile("".join(_patterns(one)), re.DOTALL)) for one in sentences]

    def say(self, text: str, depth: int = DEEPEST) -> str:
        """Return a text that was written down, in the language of the request."""
        if text in self._words:
            return gettext(self._words[text])
        for sentence, pattern in self._sentences if depth else ():
            if found := pattern.fullmatch(text):
                places = found.groupdict().items()
                return gettext(sentence) % {
                    name: self.say(value, depth - 1) if name.startswith("said") else value for name, value in places
                }
        return gettext(text)


def _patterns(sentence: str) -> Iterator[str]:
    for place, part in enumerate(PLACE.split(str.__str__(sentence))):
        yield f"(?P<{part}>{HOLD.get(part, '.+')})" if place % 2 else re.escape(part)
