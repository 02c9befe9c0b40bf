"""What a plugin says is said as its own catalog has it, whatever others call the same; the site has the last word."""

import json

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment, FileSystemLoader

from dovetail.cli.translation.catalogs import as_mo
from dovetail.contrib.admin.languages.templates import translate_templates
from dovetail.contrib.admin.templating.waiting import enable_coroutines
from dovetail.translation.catalogs import Languages, locale_folders
from dovetail.translation.texts import gettext, gettext_lazy, lazy_name, override_language, pgettext

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
            catalog.add((f"One {english}", f"Some {english}"), (f"1 {said}", f"viele {said}"))
        for domain in ("messages", "scripts"):
            (folder / f"{domain}.mo").write_bytes(as_mo(catalog))
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
def test_a_text_is_translated_by_the_catalog_of_its_plugin(german, name, said):
    code = module(name)
    with override_language(german):
        assert code["say"]("Save") == said
        assert str(code["named"]) == said
        assert str(lazy_name("Save", name)) == said


def test_a_text_missing_in_a_plugins_catalog_is_translated_by_others(german):
    with override_language(german):
        assert module("other_shop")["say"]("Ours") == "Unseres"
        assert module("other_shop")["say"]("Delete") == "Löschen"
        assert module("first_shop")["say"]("Draft") == "Rohfassung"  # the site words anything anew
        assert pgettext("before decimals", ".") == ","
    assert str(module("first_shop")["named"]) == "Save"


TEMPLATES = {
    "first_shop/said.html": "{% macro word() %}{{ _('Save') }}{% endmacro %}"
    "{{ _('Save') }}|{{ gettext('Save') }}|{{ 'Save' | translated }}|{% trans %}Save{% endtrans %}|"
    "{% for one in '1' %}{{ ngettext('One Save', 'Some Save', 2) }}{% endfor %}|"
    "{{ _('Draft') }}|{{ _('Delete') }}|{{ pgettext('x', 'Save') }}",
    "first_shop/around.html": "{{ _('Save') }}: {% block inner %}{% endblock %}",
    "other_shop/within.html": "{% extends 'around.html' %}{% from 'said.html' import word %}"
    "{% block inner %}{{ _('Save') }}, {{ word() }}, {% include 'said.html' %}{% endblock %}",
    "third_shop/other.html": "{{ _('Save') }}",
}
SAID = "Im Laden|Im Laden|Im Laden|Im Laden|viele Im Laden|Rohfassung|Löschen|Save"


@pytest.fixture
def environment(german, tmp_path):
    for name, source in TEMPLATES.items():
        package, _, file = name.partition("/")
        folder = tmp_path / package / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(source, encoding="utf-8")
    folders = [tmp_path / package / "templates" for package in ("first_shop", "other_shop", "third_shop")]
    made = Environment(loader=FileSystemLoader(folders), autoescape=True)
    translate_templates(made)
    enable_coroutines(made)
    return made


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("said.html", SAID),
        ("other.html", "Sichern"),
        ("within.html", f"Im Laden: Im Angebot, Im Laden, {SAID}"),
    ],
)
def test_a_word_of_a_template_is_said_as_the_plugin_has_it_in_whose_file_it_stands(german, environment, name, said):
    with override_language(german):
        assert environment.get_template(name).render() == said


def test_pages_are_handed_what_the_scripts_of_a_plugin_say_otherwise_than_all_others(german):
    shared, own = (json.loads(line.partition(" = ")[2].removesuffix(";")) for line in german.script.splitlines())
    assert (shared["Save"], shared["Draft"], shared["Ours"]) == ("Im Laden", "Rohfassung", "Unseres")
    assert own == {"other_shop": {"Save": "Im Angebot"}}
