"""What could not work with files is refused when the site starts, or named by the check."""

import sys
from dataclasses import replace

import pytest
from sqlalchemy.exc import StatementError

from dovetail.application import make_application
from dovetail.contrib.history.settings import HistorySettings
from dovetail.contrib.media.checks import check_columns
from dovetail.errors import ConfigurationError
from dovetail.files.columns import FileField, ImageField, NotAFileError
from dovetail.plugin import context_of
from tests.contrib.media.gallery.models import Picture
from tests.once import asks_no_database


async def test_a_view_of_files_needs_the_plugin_that_stores_them(make_settings, settings_class, database_url, settings):
    given = settings.model_copy(
        update={"plugins": (*settings_class.model_fields["plugins"].default, "tests.contrib.media.gallery")}
    )
    with pytest.raises(ConfigurationError, match="media"):
        make_application(given)


@asks_no_database
async def test_what_the_site_cannot_take_or_look_at_is_refused_at_the_start(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)  # which nobody has installed
    with pytest.raises(ConfigurationError) as refused:
        make_application(settings.model_copy(update={"max_body_size": 1_000_000}))
    told = str(refused.value)
    assert (
        "Picture.image holds images. Pillow is not installed, which images need: pip install 'dovetail[images]'" in told
    )
    assert "Picture.image takes files of 2,097,152 bytes, but MAX_BODY_SIZE is 1,000,000; raise it, or lower" in told


def test_options_of_columns_are_looked_at():
    for make in (
        lambda: FileField(types="application/pdf"),
        lambda: FileField(max_size=0),
        lambda: ImageField(types=("image/svg+xml",)),
        lambda: ImageField(thumbnails={"Too big": (10, 10)}),
        lambda: ImageField(thumbnails={"big": (10, 10_000)}),
    ):
        with pytest.raises(ValueError, match="expected"):
            make()


async def test_what_is_no_file_is_not_written_as_one(session):
    session.add(Picture(title="One", image="../../etc/passwd"))
    with pytest.raises((NotAFileError, StatementError)):
        await session.flush()
    await session.rollback()


@asks_no_database
async def test_the_check_names_columns_without_an_index_and_files_that_go_too_early(session):
    context = context_of(session)
    assert [(one.id, "Picture.scan" in one.message) for one in check_columns(context)] == [("media.W001", True)]
    undoing = replace(context, plugin_settings={**context.plugin_settings, "history": HistorySettings(undo_days=31)})
    assert [one.id for one in check_columns(undoing)] == ["media.W001", "media.W002"]
