"""A mail is written in the language that its row names, with the texts of the site and of its plugins."""

import pytest

from dovetail.contrib.auth.mail.languages import MailLanguages
from dovetail.translation.catalogs import ENGLISH


@pytest.fixture
def languages(make_settings):
    return MailLanguages(make_settings(language_code="de"))


@pytest.mark.parametrize("text", ["Choose a new password", "Author id"])
def test_a_language_of_the_site_says_what_the_framework_and_the_plugins_say(languages, text):
    assert languages.find("de").code == "de"
    assert languages.find("de").messages.gettext(text) != text


@pytest.mark.parametrize("code", ["", "en", "fr", "de-AT"])
def test_what_is_english_or_no_language_of_the_site_any_more_is_written_in_english(languages, code):
    assert languages.find(code) is ENGLISH
