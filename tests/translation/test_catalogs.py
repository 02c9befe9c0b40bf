"""The catalogs hold every text of the code, in German, and are compiled."""

from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from config.settings import Settings
from dovetail.cli.state import State
from dovetail.cli.translation.catalogs import DOMAINS, as_mo, as_po, po_path, updated
from dovetail.cli.translation.commands import OURS, sources
from dovetail.cli.translation.extraction import Source, extract, placeholders

LANGUAGE = "de"


def _sources() -> list[Source]:
    state = State(Settings)
    return [*sources(state, (OURS,)), *sources(state, ())]


def _texts(one: Message) -> tuple[str, ...]:
    found = one.string if isinstance(one.string, tuple | list) else (one.string,)
    return tuple(text or "" for text in found)


def _flawed(catalog: Catalog) -> list[object]:
    """The texts without German, with doubtful German, or with other values in them than the English has."""
    return [
        one.id
        for one in catalog
        if one.id
        and (not all(_texts(one)) or one.fuzzy or any(placeholders(text) != _expected(one) for text in _texts(one)))
    ]


def _expected(one: Message) -> set[str]:
    return placeholders(one.id)


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_text_in_the_code_has_a_german_translation_with_the_same_placeholders(domain):
    """Mark a text and write its German: `python manage.py makemessages dovetail --locale de`, or the plugin's name."""
    for source in _sources():
        fresh = updated(source, LANGUAGE, domain)
        assert _flawed(fresh) == [], source.folder
        path = po_path(source.locale, LANGUAGE, domain)
        if not len(fresh):
            assert not path.exists()
            continue
        assert path.read_bytes() == as_po(fresh), f"run makemessages for {source.folder}"
        assert path.with_suffix(".mo").read_bytes() == as_mo(fresh), f"run compilemessages for {source.folder}"


def test_texts_inside_javascript_template_literals_are_found(tmp_path):
    (tmp_path / "keys.js").write_text('button.title = `${name} (${gettext("Ctrl")} S)`; say(gettext("Saved"));')
    found = extract(Source(tmp_path, tmp_path / "locale"), "scripts")
    assert {one.id for one in found if one.id} == {"Ctrl", "Saved"}


def test_missing_german_translations_and_wrong_placeholders_are_reported():
    catalog = Catalog(locale=LANGUAGE)
    catalog.add("Save", "Sichern")
    catalog.add("%(count)s rows", "%(number)s Zeilen")
    catalog.add("New")
    catalog.add("Old", "Alt", flags=["fuzzy"])
    catalog.add(("%(count)s row", "%(count)s rows"), ("%(count)s Zeile", ""))
    assert _flawed(catalog) == ["%(count)s rows", "New", "Old", ("%(count)s row", "%(count)s rows")]


@pytest.mark.parametrize("word", ["Number", "Client"])
def test_a_word_with_a_context_does_not_translate_equal_column_names_of_plugins(word):
    paths = [po_path(one.locale, LANGUAGE, "messages").with_suffix(".mo") for one in _sources()]
    for path in filter(Path.exists, paths):
        assert GNUTranslations(BytesIO(path.read_bytes())).gettext(word) == word  # of an invoice, of a lawyer
