"""What a plugin says is said as its own catalog has it, whatever others call the same; the site has the last word."""

import pytest
from babel.messages.catalog import Catalog

from dovetail.cli.translation.catalogs import as_mo
from dovetail.translation.catalogs import Languages, locale_folders
from dovetail.translation.texts import gettext, gettext_lazy, lazy_name, pgettext, speaking

WORDS = {
    "project": {"Draft": "Rohfassung"},
    "first_shop": {"Save": "Im Laden", "Draft": "Skizze", "Ours": "Unseres"},
    "other_shop": {"Save": "Im Angebot"},
}
CODE = "named = gettext_lazy('Save')\ndef say(text): return gettext(text)\n"


@pytest.fixture
def german(tmp_path, monkeypatch):
    for package, words in WORDS.items():
        folder = tmp_path / package / "locale" / "de" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
        catalog = Catalog(locale="de")
        for english, said in words.items():
            catalog.add(english, said)
        (folder / "messages.mo").write_bytes(as_mo(catalog))
    monkeypatch.syspath_prepend(tmp_path)
    folders = locale_folders(tmp_path, ["dovetail.contrib.admin", "first_shop", "other_shop"])
    return Languages.load([("de", "Deutsch")], "de", folders).known["de"]


def module(name):
    """What a module of this name holds."""
    found = {"__name__": name, "gettext": gettext, "gettext_lazy": gettext_lazy}
    exec(compile(CODE, name, "exec"), found)
    return found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("first_shop.admin", "Im Laden"),
        ("other_shop.views.lists", "Im Angebot"),
        ("dovetail.contrib.admin.views", "Sichern"),
        ("third_shop", "Sichern"),
    ],
)
def test_a_word_of_code_is_said_as_the_plugin_of_the_code_has_it(german, name, said):
    code = module(name)
    with speaking(german):
        assert code["say"]("Save") == said
        assert str(code["named"]) == said
        assert str(lazy_name("Save", name)) == said


def test_what_a_plugin_does_not_say_itself_is_said_as_the_others_do(german):
    with speaking(german):
        assert module("other_shop")["say"]("Ours") == "Unseres"
        assert module("other_shop")["say"]("Delete") == "Löschen"
        assert module("first_shop")["say"]("Draft") == "Rohfassung"  # the site words anything anew
        assert pgettext("before decimals", ".") == ","
    assert str(module("first_shop")["named"]) == "Save"
