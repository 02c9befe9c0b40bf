"""Texts in templates, in the language of the request."""

from gettext import NullTranslations

import pytest
from jinja2 import Environment

from dovetail.contrib.admin.languages.templates import translate_templates
from dovetail.contrib.admin.templating.waiting import enable_coroutines
from dovetail.translation.catalogs import Language
from dovetail.translation.texts import override_language


class Catalog(NullTranslations):
    def gettext(self, message):
        return f"<b>{message}</b>"


@pytest.fixture
def environment():
    made = Environment(autoescape=True)
    translate_templates(made)
    enable_coroutines(made)
    return made


@pytest.mark.parametrize(
    "source",
    [
        '{{ _("%(name)s, 5 %%", name=name) }}',
        '{{ gettext("%(name)s, 5 %%", name=name) }}',
        "{% trans %}{{ name }}, 5 %{% endtrans %}",
        '{% for one in [name] %}{{ _("%(name)s, 5 %%", name=one) }}{% endfor %}',
    ],
)
def test_a_text_keeps_its_markup_and_escapes_what_fills_it_in(environment, source):
    template = environment.from_string(source)
    with override_language(Language("de", "Deutsch", Catalog())):
        assert template.render(name="<i>") == "<b>&lt;i&gt;, 5 %</b>"
    assert template.render(name="<i>") == "&lt;i&gt;, 5 %"
