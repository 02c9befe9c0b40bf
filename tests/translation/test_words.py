"""Names of the code are put in words as people read them: abbreviations keep their capitals, in sentences too."""

from enum import StrEnum

import pytest

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.history.models import ChangeSource
from dovetail.translation.texts import in_sentence
from dovetail.translation.words import choice_in_words, class_in_words, column_in_words, in_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("in_progress", "In progress"),
        ("IN_PROGRESS", "In progress"),
        ("Blog Post", "Blog post"),
        ("request_id", "Request ID"),
        ("ids", "IDs"),
        ("callback_urls", "Callback URLs"),
        ("api_css", "API CSS"),
        ("PostgreSQL", "PostgreSQL"),
        ("GB", "GB"),
        ("send_email", "Send e-mail"),
        ("rest", "Rest"),  # of the day, as far as anybody knows
        ("", ""),
    ],
)
def test_a_name_is_converted_to_words_with_abbreviations_in_capitals(name, words):
    assert in_words(name) == words


def test_the_column_email_is_called_e_mail_address():
    assert column_in_words("email") == "E-mail address"
    assert column_in_words("email_subject") == "E-mail subject"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BlogPost", "Blog post"),
        ("APIToken", "API token"),
        ("Post", "Post"),
        ("OAuth2App", "O auth2 app"),
        ("ServerOfGPUs", "Server of GPUs"),
        ("BigGPUFarm", "Big GPU farm"),
    ],
)
def test_the_name_of_a_class_is_converted_to_words(name, words):
    assert class_in_words(name) == words


@pytest.mark.parametrize(
    ("noun", "said"),
    [("Blog Posts", "blog posts"), ("API Token", "API token"), ("E-Mails", "e-mails"), ("URLs", "URLs")],
)
def test_within_a_sentence_a_name_is_in_lower_case_except_abbreviations(noun, said):
    assert in_sentence(noun) == said


def test_a_choice_is_called_by_its_label_or_its_value():
    class Size(StrEnum):
        SMALL = "small"
        CUSTOM = "custom"

        @property
        def label(self) -> str:
            return "As you like" if self is Size.CUSTOM else in_words(self.value)

    assert [choice_in_words(size) for size in Size] == ["Small", "As you like"]


def test_doors_and_events_have_readable_labels():
    assert choice_in_words(ChangeSource.REST) == "REST"
    assert choice_in_words(EventKind.EMAIL_CHANGED) == "E-mail address changed"
