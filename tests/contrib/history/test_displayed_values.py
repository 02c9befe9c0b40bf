"""Moments and numbers in the history are written as pages write them."""

from zoneinfo import ZoneInfo

import pytest

from dovetail.contrib.history.admin.displayed_values import displayed_values
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.recorded import REDACTED
from dovetail.translation.catalogs import Languages
from dovetail.translation.texts import override_language
from dovetail.translation.zones import in_zone
from plugins.blog.models import Post
from plugins.comments.models import Comment
from tests.contrib.admin.drawer.models import Specimen

JUNE = "2026-06-01T22:30:00+00:00"


def shown(before, after):
    with in_zone(ZoneInfo("Europe/Berlin")):
        return displayed_values(Post, RecordedChange(before=before, after=after))


def test_a_time_is_shown_in_the_time_zone_of_the_user():
    before, after = shown({"created_at": JUNE, "title": JUNE}, {"created_at": None, "title": "x"})
    assert before == {"created_at": "2026-06-02 00:30:00 Europe/Berlin", "title": JUNE}  # a title is no moment
    assert after == {"created_at": None, "title": "x"}


def test_two_values_that_would_look_the_same_are_shown_unformatted():
    later = JUNE.replace(":00+", ":00.250000+")
    assert shown({"created_at": JUNE}, {"created_at": later}) == ({"created_at": JUNE}, {"created_at": later})


def test_a_value_that_is_no_time_is_shown_as_recorded():
    assert shown({"created_at": REDACTED}, {"created_at": "long ago"})[0] == {"created_at": REDACTED}


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ("1002 days 03:00:00.5", "1,002 days, 03:00:00.500000"),  # PostgreSQL's
        ("-2 days", "-2 days, 00:00:00"),
        ("-00:30:00", "-00:30:00"),
        ("-1 days +22:30:00", "-01:30:00"),
        ("1972-09-29T03:00:00.500000", "1,002 days, 03:00:00.500000"),  # SQLite's
        ("1969-12-31T23:30:00", "-00:30:00"),
        (REDACTED, REDACTED),
        ("", ""),
    ],
)
def test_a_duration_is_said_in_words(stored, words):
    before, _ = displayed_values(Specimen, RecordedChange(before={"lasts": stored}, after={}))
    assert before == {"lasts": words}


def test_a_choice_is_shown_by_its_label_and_an_unknown_one_as_recorded():
    before, after = displayed_values(Comment, RecordedChange(before={"status": "pending"}, after={"status": "lost"}))
    assert (before, after) == ({"status": "Pending"}, {"status": "lost"})


def test_objects_with_the_same_name_are_distinguished_by_their_keys():
    change = RecordedChange(before={"author_id": 1}, after={"author_id": 2})
    texts = {("author_id", "1"): "Ann", ("author_id", "2"): "Ann"}
    assert displayed_values(Post, change, texts) == ({"author_id": 1}, {"author_id": 2})
    change = RecordedChange(before={"author_id": 1}, after={"author_id": None})
    texts |= {("author_id", "None"): "the key of another"}
    assert displayed_values(Post, change, texts) == ({"author_id": "Ann"}, {"author_id": None})


@pytest.mark.parametrize(
    ("name", "logged", "english", "german"),
    [
        ("price", 1.5, "1.50", "1,50"),
        ("price", 2, "2.00", "2,00"),
        ("price", -1.125, "-1.125", "-1,125"),  # the column kept more digits when that was written
        ("price", "•••", "•••", "•••"),
        ("weight", 0.1, "0.1", "0,1"),
        ("whole", 1234567, 1234567, 1234567),
        ("is_good", True, True, True),
        ("must_facts", {"a": 1.5}, {"a": 1.5}, {"a": 1.5}),
    ],
)
def test_a_number_is_shown_as_its_field_shows_it(name, logged, english, german):
    row = RecordedChange(before={name: logged}, after={})
    assert displayed_values(Specimen, row)[0] == {name: english}
    spoken = Languages.load([("de", "Deutsch")], "de", {}).known["de"]
    with override_language(spoken):
        assert displayed_values(Specimen, row)[0] == {name: german}
