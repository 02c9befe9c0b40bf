"""Translate texts that were stored in English, as in a log, into the language of the request.

    WORDS = StoredSentences(
        {"office": gettext_lazy("back office")},
        gettext_lazy("%(said)s by %(name)s"),
        gettext_lazy("deleted"),
    )
    WORDS.translate("deleted by ada")  # "von ada gelöscht"

The value of a placeholder whose name begins with `said` is translated in turn; other placeholders hold names, which are
kept. A text that matches no sentence is looked up as a whole, and kept if no catalog has it.
"""

import re
from collections.abc import Iterator, Mapping

from dovetail.translation.texts import gettext

PLACE = re.compile(r"%\((\w+)\)s")
HOLD = {"count": r"\d+", "number": r"\d+", "method": r"\S+"}  # patterns of placeholders that do not match any text
DEEPEST = 5  # levels of nested sentences


class StoredSentences:
    """The words and sentences of which stored texts consist; the first sentence that matches is used."""

    def __init__(self, words: Mapping[str, str], *sentences: str) -> None:
        self._words = words
        self._sentences = [(one, re.compile("".join(_patterns(one)), re.DOTALL)) for one in sentences]

    def translate(self, text: str, depth: int = DEEPEST) -> str:
        """Return the translation of a stored text; `depth` limits how deeply sentences are nested."""
        if text in self._words:
            return gettext(self._words[text])
        for sentence, pattern in self._sentences if depth else ():
            if found := pattern.fullmatch(text):
                places = found.groupdict().items()
                return gettext(sentence) % {
                    name: self.translate(value, depth - 1) if name.startswith("said") else value
                    for name, value in places
                }
        return gettext(text)


def _patterns(sentence: str) -> Iterator[str]:
    for place, part in enumerate(PLACE.split(str.__str__(sentence))):
        yield f"(?P<{part}>{HOLD.get(part, '.+')})" if place % 2 else re.escape(part)
