"""Cells of an export: inert in every spreadsheet, whatever it takes for a separator, and otherwise as they were."""

import csv
import enum
import itertools
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dovetail.contrib.admin.exporting.csv_cells import read_cell, write_cell

SEPARATORS = [",", ";", "\t", "|", ":", "^", "~", " "]
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
NUMBER = re.compile(r"[+-]?[\d.,]+([eE][+-]?\d+)?%?")
HAS_OPERAND = re.compile(r"[\w(\"'$#]")


class Sign(enum.IntEnum):
    MINUS = -1


def dangerous(cells: list[list[str]]) -> list[str]:
    """What a spreadsheet would calculate: begins with a sign, has something to calculate with, and is no number."""
    stripped = [cell.strip().strip('"\u200b').strip() for row in cells for cell in row]
    return [
        cell for cell in stripped if cell[:1] in set(SIGNS) and HAS_OPERAND.search(cell) and not NUMBER.fullmatch(cell)
    ]


def read(text: str, separator: str) -> list[list[str]]:
    buffer = StringIO()
    csv.writer(buffer).writerows([["before", text, "after"]])
    return list(csv.reader(StringIO(buffer.getvalue()), delimiter=separator))


@pytest.mark.parametrize("sign", SIGNS)
def test_a_formula_behind_any_separator_stays_inert(sign):
    for separator, between in itertools.product(SEPARATORS, ["", " ", '"', ' "', "\u200b", "\xa0"]):
        text = write_cell(f"harmless{separator}{between}{sign}cmd|' /C calc'!A0")
        assert f"'{sign}" in text
        assert [dangerous(read(text, other)) for other in SEPARATORS] == [[]] * len(SEPARATORS)


@pytest.mark.parametrize("line", ["\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028"])
def test_a_formula_on_a_line_of_its_own_stays_inert(line):
    assert write_cell(f"harmless{line}=1+1") == f"harmless{line}'=1+1"


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("-1:", ",")
@example(":-1;", ":")
@example("; -1;", " ")
@example("1 =\t1", " ")
@given(st.text(alphabet=f"ab1 \"',;|\t\n:{SIGNS}", max_size=40), st.sampled_from(SEPARATORS))
def test_no_text_makes_a_formula(text, separator):
    for line in re.split(r"[\r\n]+", write_cell(text)):
        assert dangerous([line.split(separator)]) == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-5, "-5"),
        (1.5, "1.5"),
        (Decimal("-3.50"), "-3.50"),
        (True, "True"),
        (None, ""),
        ("-5", "-5"),
        ("+4,5", "+4,5"),
        ("-1.5e-7", "-1.5e-7"),
        ("a;-5;b", "a;-5;b"),
        ("-5;=1", "'-5;'=1"),  # to whom a comma separates cells, the first is no number
        ("a:-5;b", "a:'-5;b"),
        ("a -5;b", "a '-5;b"),
        ("-5 +1+cmd|' /C calc'!A0", "'-5 '+1+cmd|' /C calc'!A0"),
        ("from -5 to +5 degrees", "from -5 to +5 degrees"),
        ("a-b", "a-b"),
        ("this - that = those", "this - that = those"),
        ("a+b=c", "a+b=c"),
        ("ada@example.org", "ada@example.org"),
        (":-)", ":-)"),
        (Sign.MINUS, "-1"),
        (["=1", "b"], "'=1, b"),
        (["a", "=1"], "a, '=1"),
        ({"=1": "ü"}, '{"=1": "ü"}'),
        (b"\0\xff", "AP8="),
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-01-02T03:04:05.000006+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(days=-1), "'-1 day, 00:00:00"),
    ],
)
def test_what_is_no_formula_stays_as_it_is(value, written):
    assert write_cell(value) == written


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("- a list\n- of Markdown\n\n+ and =more")
@example("\tindented")
@given(st.text(alphabet=f'ab1 ",;|\t\n:{SIGNS}', max_size=40))
def test_a_text_comes_back_from_a_cell_as_it_was_written(text):
    assert read_cell(write_cell(text)) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [("''=1", "'=1"), ("'=1", "=1"), ("'-1", "-1"), ("f(a='-1')", "f(a='-1')"), ("'a", "'a")],
)
def test_an_apostrophe_that_hides_no_formula_is_part_of_a_text(cell, text):
    assert read_cell(cell) == text


def test_a_long_text_of_signs_is_looked_through_once():
    assert len(write_cell("= " * 200_000)) >= 400_000
