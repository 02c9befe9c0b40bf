"""Texts that are translated when they are shown, and the language that a browser accepts."""

import pickle
from gettext import NullTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from jinja2 import Environment
from markupsafe import Markup

from dovetail.translation.accepted import accepted_language
from dovetail.translation.catalogs import ENGLISH, Language, Languages, folder_of
from dovetail.translation.texts import (
    get_language,
    gettext,
    gettext_lazy,
    in_english,
    ngettext,
    override_language,
    pgettext,
    pgettext_lazy,
)


class Shouting(NullTranslations):
    """Translates everything, so that nothing is passed over."""

    def gettext(self, message: str) -> str:
        return f"¡{message}!"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return f"¡{context}: {message}!"


LOUD = Language("es", "Español", Shouting())


def test_a_text_is_translated_into_the_language_of_the_block_only():
    with override_language(LOUD):
        assert (gettext("Go"), ngettext("row", "rows", 2), get_language()) == ("¡Go!", "¡rows!", "es")
        with override_language(ENGLISH):
            assert gettext("Go") == "Go"
        assert gettext("") == ""  # which gettext itself answers with the head of a catalog
    assert (gettext("Go"), get_language()) == ("Go", "en")


def test_a_lazy_text_is_english_where_it_is_stored_and_translated_wherever_it_is_shown():
    text, may = gettext_lazy("Go & come"), pgettext_lazy("month", "May")
    assert {text: 1}["Go & come"] == 1
    assert pickle.loads(pickle.dumps(text)) == "Go & come"
    with override_language(LOUD):
        shown = ["%s" % text, f"{text}", str(text), text + "", "" + text, text.lower(), gettext(text)]  # noqa: UP031 - one of the ways
        assert shown == [*["¡Go & come!"] * 5, "¡go & come!", "¡Go & come!"]
        assert (text.upper(), text.strip(), text.capitalize()) == ("¡GO & COME!", "¡Go & come!", "¡go & come!")
        assert Markup("<b>{}</b>").format(text) == "<b>¡Go &amp; come!</b>"
        assert Environment(autoescape=True).from_string("{{ t }}|{{ m }}").render(t=text, m=may) == (
            "¡Go &amp; come!|¡month: May!"
        )
        assert text == "Go & come"


def test_a_translated_text_keeps_its_english_original_and_that_of_its_values():
    with override_language(LOUD):
        text = gettext("%(what)s, %(name)s") % {"what": gettext("Go"), "name": "Ada"}
        assert (text, in_english(text)) == ("¡¡Go!, Ada!", "Go, Ada")
        assert in_english(gettext(text)) == "Go, Ada"
        assert in_english(ngettext("%s row", "%s rows", 2) % 2) == "2 rows"
        assert in_english(pgettext("month", "May")) == "May"
        assert in_english(gettext("%s!") % gettext("Go")) == "Go!"
        assert in_english(gettext_lazy("Go")) == "Go"
        assert pickle.loads(pickle.dumps(text)) == text
    assert in_english("Go") == "Go"


LANGUAGES = Languages({one.code: one for one in (ENGLISH, Language("de", ""), Language("pt-br", ""))}, ENGLISH)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.5, de;q=0.8", "de"),
        ("fr, *;q=0.1", "en"),
        ("PT-BR", "pt-br"),
        ("pt", None),  # the site has another kind of it
        ("de;q=0", None),
        ("de;q=nan, de;q=7, ;;;, de;v=1", None),
        ("x" * 600 + ", de", None),
        ("fr," * 30 + "de", None),
        ("", None),
    ],
)
def test_the_language_is_the_available_one_that_the_browser_prefers(header, found):
    language = accepted_language(header, LANGUAGES)
    assert (language and language.code) == found


def test_the_folder_of_a_language_has_its_gettext_name():
    assert [folder_of(code) for code in ("de", "pt-br", "zh-hans")] == ["de", "pt_BR", "zh_Hans"]


def compile_catalog(folder: Path, **said: str) -> Path:
    place = folder / "de" / "LC_MESSAGES"
    place.mkdir(parents=True, exist_ok=True)
    catalog = Catalog(locale="de")
    for text, german in said.items():
        catalog.add(text, german)
    with (place / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    return folder


def german(*folders: Path) -> NullTranslations:
    found = Languages.load([("en", "English"), ("de", "Deutsch")], "en", {one: one.name for one in folders}).find("de")
    assert found is not None
    return found.messages


def test_the_first_folder_has_priority_and_a_catalog_is_reread_only_after_compiling(tmp_path):
    site = compile_catalog(tmp_path / "site", Post="Beitrag")
    plugin = compile_catalog(tmp_path / "plugin", Post="Eintrag", Tag="Schlagwort")

    for first, then, post in ((site, plugin, "Beitrag"), (plugin, site, "Eintrag"), (site, plugin, "Beitrag")):
        assert german(first, then).gettext("Post") == post
        assert german(first, then).gettext("Tag") == "Schlagwort"
    assert german(site).gettext("Tag") == "Tag"
    assert vars(german(plugin))["_catalog"] is vars(german(plugin, site))["_catalog"]

    compile_catalog(site, Post="Artikel im Blog")
    assert german(site, plugin).gettext("Post") == "Artikel im Blog"
