"""A mail is written in the language that its row names, or else in that of the site."""

import pytest

from dovetail.contrib.auth.mail.languages import MailLanguages
from dovetail.translation.catalogs import ENGLISH


@pytest.fixture
def languages(make_settings):
    return MailLanguages(make_settings(language_code="de"))


@pytest.mark.parametrize("text", ["Choose a new password", "Author ID"])
def test_a_language_of_the_site_translates_mail_of_the_framework_and_plugins(languages, text):
    assert languages.find("de").code == "de"
    assert languages.find("de").messages.gettext(text) != text


def test_mail_requested_on_an_english_page_is_in_english(languages):
    assert languages.find("en") is ENGLISH


@pytest.mark.parametrize("code", ["", "fr", "de-AT"])
def test_mail_without_a_page_or_known_language_is_in_the_language_of_the_site(languages, code):
    assert languages.find(code).code == "de"
