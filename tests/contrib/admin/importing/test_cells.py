"""A cell that holds several values is an array of JSON, or texts with commas, semicolons or lines."""

import json
from decimal import Decimal

import pytest
from starlette.datastructures import FormData
from wtforms import Form

from dovetail.contrib.admin.forms.fields import NumberField
from dovetail.contrib.admin.importing.cells import several, texts_of
from dovetail.translation.catalogs import Languages
from dovetail.translation.texts import override_language


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


@pytest.mark.parametrize("cell", ["1," * 1_001, json.dumps(list(range(1_001))), "x" * 100_001, "[" * 100_001])
def test_more_values_than_a_form_takes_are_refused(cell):
    with pytest.raises(ValueError, match=r"A cell takes 1,000 values at most\."):
        several(cell)


def test_a_number_in_a_file_is_read_as_code_writes_it_whoever_imports_it():
    class Prices(Form):
        price = NumberField(reader=Decimal)

    german = Languages.load([("de", "Deutsch")], "de", {}).default
    with override_language(german):
        for cell, number in (("1.234", "1.234"), ("1,5", "1.5"), ("1.234,5", "1234.5"), ("12", "12")):
            form = Prices(FormData([("price", one) for one in texts_of(Prices().price, cell)]))
            assert form.price.data == Decimal(number), cell
