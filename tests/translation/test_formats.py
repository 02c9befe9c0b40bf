"""Times at the edges of what a zone has, and numbers as a language has them."""

from datetime import UTC, datetime
from decimal import Decimal
from gettext import NullTranslations
from zoneinfo import ZoneInfo

import pytest

from dovetail.contrib.admin.columns.files import file_size
from dovetail.contrib.admin.widgets.drawing import draw
from dovetail.contrib.admin.widgets.kinds import in_words
from dovetail.translation.catalogs import Language
from dovetail.translation.formats import moment, number
from dovetail.translation.texts import override_language
from dovetail.translation.zones import in_zone, instant


class Separators(NullTranslations):
    """Has a point and a comma where English has them the other way round."""

    def pgettext(self, context: str, message: str) -> str:
        return {"between thousands": ".", "before decimals": ","}.get(context, message)


GERMAN = Language("de", "Deutsch", Separators())


@pytest.mark.parametrize(
    ("zone", "outside", "typed"),
    [
        ("Europe/Berlin", datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "0001-01-01 00:00"),
        ("America/New_York", datetime(1, 1, 1, tzinfo=UTC), "9999-12-31 23:59"),
    ],
)
def test_a_time_out_of_range_in_a_zone_is_shown_in_utc_and_cannot_be_entered(zone, outside, typed):
    with in_zone(ZoneInfo(zone)):
        assert moment(outside) == f"{outside:%Y-%m-%d %H:%M}"
        with pytest.raises(ValueError, match="from 1 to 9999"):
            instant(datetime.fromisoformat(typed))


def test_numbers_have_the_separators_of_the_language_in_charts_too():
    assert (number(1234567), number(-1234.5), in_words(Decimal("1000.10"))) == ("1,234,567", "-1,234.5", "1,000.10")
    with override_language(GERMAN):
        assert (number(1234567), number(-1234.5), in_words(Decimal("1000.10"))) == ("1.234.567", "-1.234,5", "1.000,10")
        drawing = draw([("a", 1000), ("b", 2500.5)])
        assert ([bar.value for bar in drawing.bars], drawing.highest, drawing.total) == (
            ["1.000", "2.500,5"],
            "2.500,5",
            "3.500,5",
        )


@pytest.mark.parametrize(
    ("size", "english", "german"),
    [(2048, "2 KB", "2 KB"), (2_726_298, "2.6 MB", "2,6 MB"), (1024 * 1024 * 1024 * 2, "2,048.0 MB", "2.048,0 MB")],
)
def test_file_sizes_have_the_separators_of_the_language(size, english, german):
    assert file_size(size) == english
    with override_language(GERMAN):
        assert file_size(size) == german
