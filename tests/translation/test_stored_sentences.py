"""What was written down in English is said in the language of who reads it, and names in it stay as they are."""

from gettext import NullTranslations

import pytest

from dovetail.translation.catalogs import Language
from dovetail.translation.stored_sentences import StoredSentences
from dovetail.translation.texts import gettext_lazy, override_language

GERMAN = {
    "%(said)s by %(name)s": "von %(name)s %(said)s",
    "deleted": "gelöscht",
    "back office": "Verwaltung",
    "%(count)s are left": "noch %(count)s",
}
WORDS = StoredSentences(
    {"office": gettext_lazy("back office")},
    gettext_lazy("%(said)s by %(name)s"),
    gettext_lazy("%(count)s are left"),
    gettext_lazy("deleted"),
    "%(said)s (%(said_place)s)",
)


class Catalog(NullTranslations):
    """Has the German above."""

    def gettext(self, message: str) -> str:
        return GERMAN.get(message, message)


@pytest.mark.parametrize(
    ("written", "english", "german"),
    [
        ("deleted", "deleted", "gelöscht"),
        ("deleted by deleted", "deleted by deleted", "von deleted gelöscht"),  # somebody is called so
        ("deleted by (x) y", "deleted by (x) y", "von (x) y gelöscht"),
        ("3 are left", "3 are left", "noch 3"),
        ("few are left", "few are left", "few are left"),
        ("deleted (office)", "deleted (back office)", "gelöscht (Verwaltung)"),
        ("of a plugin", "of a plugin", "of a plugin"),
        ("", "", ""),
    ],
)
def test_a_stored_sentence_is_translated_with_its_parts_and_an_unknown_one_is_kept(written, english, german):
    assert WORDS.translate(written) == english
    with override_language(Language("de", "Deutsch", Catalog())):
        assert WORDS.translate(written) == german


def test_a_stored_text_of_any_length_and_depth_is_translated_quickly():
    assert WORDS.translate("(" * 500 + " (a)" * 500).startswith("((")
