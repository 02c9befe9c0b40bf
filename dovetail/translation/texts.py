"""Mark texts for translation and translate them into the language of the request, with the function names of Django.

    from dovetail.translation.texts import gettext, gettext_lazy, ngettext

    Flash.success(request, gettext("%(name)s was published.") % {"name": post.title})

    class PostAdmin(ModelAdmin, model=Post):
        labels = {"content": gettext_lazy("Text")}  # translated when it is shown

Outside of the back office (in the API, commands and logs) texts stay in English.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations
from typing import Self, SupportsIndex

from dovetail.translation.catalogs import ENGLISH, Language

CAPITALISING = ("de", "lb")  # languages that capitalize nouns within a sentence
WORD = re.compile(r"[^\W\d_]+")
_active: ContextVar[Language] = ContextVar("dovetail_language", default=ENGLISH)


@contextmanager
def override_language(language: Language) -> Iterator[None]:
    """Translate into `language` inside the block."""
    token = _active.set(language)
    try:
        yield
    finally:
        _active.reset(token)


def active_language() -> Language:
    """Return the language that texts are currently translated into."""
    return _active.get()


def get_language() -> str:
    """Return the code of the language that texts are currently translated into: `en`, `de`, `pt-br`."""
    return _active.get().code


def gettext(text: str) -> str:
    """Return a text in the language of the request; unchanged if no catalog has it."""
    return translate(_messages(), text)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the singular or plural text for a number: `ngettext("%(count)s row", "%(count)s rows", count)`."""
    return translate_plural(_messages(), singular, plural, number)


def pgettext(context: str, text: str) -> str:
    """Return the translation of a text that has several meanings: `pgettext("month", "May")`."""
    return translate(_messages(), text, context)


def npgettext(context: str, singular: str, plural: str, number: int) -> str:
    """Return the singular or plural translation of a text that has several meanings."""
    return translate_plural(_messages(), singular, plural, number, context)


def translate(messages: NullTranslations, text: str, context: str | None = None) -> str:
    """Return the translation of a text by a catalog of the active language."""
    if isinstance(text, LazyText):
        return str(text)
    if not text or isinstance(text, Translated):  # gettext("") would return the header of the catalog
        return text
    found = messages.gettext(text) if context is None else messages.pgettext(context, text)
    return _translated(found, text)


def translate_plural(
    messages: NullTranslations, singular: str, plural: str, number: int, context: str | None = None
) -> str:
    """Return the singular or plural text for a number by a catalog of the active language."""
    if context is None:
        found = messages.ngettext(singular, plural, number)
    else:
        found = messages.npgettext(context, singular, plural, number)
    return _translated(found, singular if number == 1 else plural)


def in_english(text: str) -> str:
    """Return the English original of a translated text, for logs and stored rows."""
    if isinstance(text, LazyText):
        return str.__str__(text)
    return text.english if isinstance(text, Translated) else text


def gettext_lazy(text: str) -> str:
    """Return a text that is translated whenever it is shown, for labels, titles and choices defined at import time.

    It is the English text wherever it is compared, stored or sent by the API.
    """
    return text if isinstance(text, LazyText) else LazyText(text, home=_caller())


def lazy_name(text: str, home: str) -> str:
    """Return a name derived from code as a lazy text, which is translated as a text of the module `home`."""
    return text if isinstance(text, LazyText) else LazyText(text, home=home)


def pgettext_lazy(context: str, text: str) -> str:
    """Return a text with several meanings that is translated whenever it is shown."""
    return LazyText(text, context, home=_caller())


def in_sentence(noun: str) -> str:
    """Return the name of a model for use within a sentence: in lower case, except in languages such as German.

    Abbreviations and words with inner capitals (API, PostgreSQL) keep them.
    """
    name = gettext(noun)
    if get_language().partition("-")[0] in CAPITALISING:
        return name
    return WORD.sub(lambda word: word[0] if _has_own_capitals(word[0]) else word[0].lower(), name)


def _messages() -> NullTranslations:
    """Return the translations for texts of the module that called a function of this one."""
    language = _active.get()
    return language.messages_of(_caller(3)) if language.own else language.messages


def _caller(depth: int = 2) -> str:
    """Return the name of the module `depth` frames up the call stack."""
    return str(sys._getframe(depth).f_globals.get("__name__", ""))  # noqa: SLF001 - as `logging` and `collections` do


def _translated(text: str, english: str) -> str:
    return text if _active.get() is ENGLISH else Translated(text, english)


def _has_own_capitals(word: str) -> bool:
    return word[1:] != word[1:].lower()


class Translated(str):
    """A translated text that keeps its English original, also when values are filled in with `%`."""

    english: str

    def __new__(cls, text: str, english: str = "") -> Self:
        """Create the text from its translation and its English original."""
        made = super().__new__(cls, text)
        made.english = english
        return made

    def __mod__(self, values: object) -> str:
        return Translated(str.__mod__(self, values), self.english % _values_in_english(values))


def _values_in_english(values: object) -> object:
    if isinstance(values, Mapping):
        return {name: in_english(one) if isinstance(one, str) else one for name, one in values.items()}
    return in_english(values) if isinstance(values, str) else values


class LazyText(str):
    """An English text that is translated into the language of the request whenever it is converted to `str`."""

    context: str | None
    home: str  # the module that the text belongs to

    def __new__(cls, text: str, context: str | None = None, *, home: str = "") -> Self:
        """Create the text, untranslated."""
        made = super().__new__(cls, text)
        made.context, made.home = context, home
        return made

    def __str__(self) -> str:
        return translate(_active.get().messages_of(self.home), str.__str__(self), self.context)

    def __html__(self) -> str:
        from markupsafe import escape  # here: commands show no pages

        return escape(str(self))

    def __format__(self, specification: str) -> str:
        return format(str(self), specification)

    def __mod__(self, values: object) -> str:
        return str(self) % values

    def __add__(self, other: str) -> str:
        return str(self) + other

    def __radd__(self, other: str) -> str:
        return other + str(self)

    def __getnewargs__(self) -> tuple[str]:
        return (str.__str__(self),)

    def format(self, *values: object, **named: object) -> str:
        """Format the translated text."""
        return str(self).format(*values, **named)

    def lower(self) -> str:
        """Return the translated text in lower case."""
        return str(self).lower()

    def upper(self) -> str:
        """Return the translated text in upper case."""
        return str(self).upper()

    def strip(self, characters: str | None = None, /) -> str:
        """Return the translated text without surrounding whitespace."""
        return str(self).strip(characters)

    def capitalize(self) -> str:
        """Return the translated text with its first letter capitalized."""
        return str(self).capitalize()

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> str:
        """Replace parts of the translated text."""
        return str(self).replace(old, new, count)
