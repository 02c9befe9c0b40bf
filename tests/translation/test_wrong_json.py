"""What is wrong with JSON is said in the language of the page."""

import json
from pathlib import Path

import pytest

from dovetail.contrib.admin.columns.texts import read_json
from dovetail.translation.catalogs import Languages
from dovetail.translation.texts import override_language

BROKEN = ["", "{", '{"a"}', '{"a": 1 "b"}', "[1 2]", "1 2", '"a', '"\n"', r'"\x"', r'"\u12"', "[1,]", "nope"]


@pytest.mark.parametrize("text", BROKEN)
def test_json_errors_are_shown_in_german(text):
    with pytest.raises(json.JSONDecodeError) as found:
        json.loads(text)
    german = Languages.load([("de", "Deutsch")], "de", {Path(__file__).parent: ""}).default
    words = r"^Das ist kein JSON: .* \(Zeile 1, Spalte \d+\)\.$"
    with override_language(german), pytest.raises(ValueError, match=words) as told:
        read_json(text)
    assert found.value.msg not in str(told.value)
