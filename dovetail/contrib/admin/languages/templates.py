"""Translate texts in templates, each by the catalog of the plugin that the template belongs to."""

import sys
from gettext import NullTranslations
from types import FrameType

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from dovetail.translation import formats
from dovetail.translation.texts import active_language, in_sentence, translate, translate_plural
from dovetail.translation.words import choice_in_words
from dovetail.translation.zones import zone_name


def translate_templates(environment: Environment) -> None:
    """Add `{% trans %}`, `_()`, `ngettext()`, `pgettext()` and the filters of texts and formats to an environment."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        _gettext, _ngettext, newstyle=True, pgettext=_pgettext, npgettext=_npgettext
    )
    # Jinja's own functions take the context, which it copies at each call in a loop.
    environment.globals |= {"_": _translated, "gettext": _translated}
    environment.globals["language"] = active_language
    environment.globals |= {"zone_name": zone_name, "day_format": formats.day_format}
    environment.filters |= {
        "in_sentence": in_sentence,
        "begin_sentence": _begin_sentence,
        "choice_in_words": choice_in_words,
        "translated": _translated_filter,
        "number": formats.number,
        "day": formats.day,
        "iso_day": formats.iso_day,
        "typed_iso_day": formats.typed_iso_day,
    }
    environment.filters |= {"moment": formats.moment, "clock": formats.clock, "exact": formats.exact}


def _translated(text: str, /, **values: object) -> Markup:
    """Return the translation of a text, with the values of `%(name)s` filled in and escaped."""
    found = Markup(translate(_messages(), text))  # noqa: S704 - a text of the code, not of a user
    return found % values if values or "%" in found else found


@pass_context  # otherwise Jinja would evaluate the filter for constants when it compiles the template
def _translated_filter(_context: Context, text: str) -> str:
    return translate(_messages(), text)


def _gettext(text: str) -> str:
    return translate(_messages(), text)


def _ngettext(singular: str, plural: str, number: int) -> str:
    return translate_plural(_messages(), singular, plural, number)


def _pgettext(context: str, text: str) -> str:
    return translate(_messages(), text, context)


def _npgettext(context: str, singular: str, plural: str, number: int) -> str:
    return translate_plural(_messages(), singular, plural, number, context)


def _messages() -> NullTranslations:
    """Return the translations for the template that called a function of this module."""
    language = active_language()
    return language.messages_in(_template(sys._getframe(2))) if language.own else language.messages  # noqa: SLF001 - as `logging` does


def _template(frame: FrameType | None) -> str:
    """Return the file of the innermost template among the callers: its frames have no `__name__`."""
    while frame is not None and "__name__" in frame.f_globals:
        frame = frame.f_back
    return "" if frame is None else frame.f_code.co_filename


def _begin_sentence(text: str) -> str:
    """Return a text with its first letter in upper case, and the others unchanged, unlike Jinja's `capitalize`."""
    return text[:1].upper() + text[1:]
