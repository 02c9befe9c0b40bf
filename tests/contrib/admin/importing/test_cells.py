"""A cell that holds several values is an array of JSON, or texts with commas, semicolons or lines."""

import pytest

from dovetail.contrib.admin.importing.cells import several


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("a, b;c\nd", ["a", "b", "c", "d"]),
        ('["a, b", "c"]', ["a, b", "c"]),
        ("[1, true, 2.5]", ["1", "true", "2.5"]),
        ("[1,5)", ["[1", "5)"]),
        ("", []),
    ],
)
def test_a_cell_is_read_as_values(cell, values):
    assert several(cell) == values


def test_a_value_that_is_missing_in_an_array_is_refused():
    with pytest.raises(ValueError, match="A value is missing that has to be there"):
        several('["a", null]')
