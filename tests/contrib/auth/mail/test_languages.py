"""A mail is written in the language that its row names, or else in that of the site."""

import pytest

from dovetail.contrib.auth.mail.languages import MailLanguages
from dovetail.translation.catalogs import ENGLISH


@pytest.fixture
def languages(make_settings):
    return MailLanguages(make_settings(language_code="de"))


@pytest.mark.parametrize("text", ["Choose a new password", "Author ID"])
def test_a_language_of_the_site_says_what_the_framework_and_the_plugins_say(languages, text):
    assert languages.find("de").code == "de"
    assert languages.find("de").messages.gettext(text) != text


def test_english_is_written_where_it_was_asked_for(languages):
    assert languages.find("en") is ENGLISH


@pytest.mark.parametrize("code", ["", "fr", "de-AT"])
def test_what_nobody_asked_for_or_the_site_has_no_more_is_written_in_the_language_of_the_site(languages, code):
    assert languages.find(code).code == "de"
