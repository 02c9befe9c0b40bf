"""Expressions of SQL are compared, and freed of brackets, by what they say."""

import pytest

from dovetail.migrations.bridge.expressions import are_alike, without_brackets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("((1 + 2))", "1 + 2"),
        (" ( a ) ", "a"),
        ("(a) + (b)", "(a) + (b)"),
        ("(a > ')') OR (b > 1)", "(a > ')') OR (b > 1)"),
        ("'(a)'", "'(a)'"),
        ("", ""),
    ],
)
def test_brackets_go_that_are_around_all_of_it(text, expected):
    assert without_brackets(text) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ('("a"  >  1)', "A>1", True),
        ("[a b] = 'x'", "`a b` = 'x'", True),
        ("a = 'X'", "a = 'x'", False),
        ("(a) + (b)", "a + b", False),
        ("ON t ((a || b) DESC, (lower(c)))", "ON t (a || b DESC, lower(c))", True),
        ("a IN ((1, 2))", "a IN (1, 2)", False),
        ("a || 'b  c'", "a || 'b c'", False),
    ],
)
def test_texts_are_alike_that_differ_in_spaces_quotes_case_and_idle_brackets_only(one, other, expected):
    assert are_alike(one, other) is expected
