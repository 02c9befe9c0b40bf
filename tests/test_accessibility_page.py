"""docs/accessibility.md answers each criterion of WCAG 2.2, levels A and AA, and names tests that are there."""

import re

from tests.running import ROOT

PAGE = ROOT / "docs" / "accessibility.md"
ROW = re.compile(r"\| (?P<number>\d+\.\d+\.\d+) \| (?P<level>A+) \| [^|]+ \| (?P<answer>[^|]+) \| (?P<how>.+) \|")
TEST = re.compile(r"\[(?P<name>[^]]+)]\((?P<path>\.\./tests/[^)]+)\)")
# https://www.w3.org/TR/WCAG22/: the last part of each number, by guideline; 4.1.1 is obsolete, what is missing is AAA.
CRITERIA = {
    "1.1": "1",
    "1.2": "1 2 3 4 5",
    "1.3": "1 2 3 4 5",
    "1.4": "1 2 3 4 5 10 11 12 13",
    "2.1": "1 2 4",
    "2.2": "1 2",
    "2.3": "1",
    "2.4": "1 2 3 4 5 6 7 11",
    "2.5": "1 2 3 4 7 8",
    "3.1": "1 2",
    "3.2": "1 2 3 4 6",
    "3.3": "1 2 3 4 7 8",
    "4.1": "2 3",
}


def test_every_criterion_of_wcag_2_2_is_supported_or_has_nothing_to_be_applied_to():
    rows = list(ROW.finditer(PAGE.read_text(encoding="utf-8")))
    expected = [f"{guideline}.{part}" for guideline, parts in CRITERIA.items() for part in parts.split()]
    assert [row["number"] for row in rows] == expected
    assert {row["answer"] for row in rows} == {"Supports", "Not applicable"}
    assert {row["level"] for row in rows} == {"A", "AA"}


def test_what_is_supported_is_shown_by_tests_that_are_there():
    for row in ROW.finditer(PAGE.read_text(encoding="utf-8")):
        named = list(TEST.finditer(row["how"]))
        assert bool(named) == (row["answer"] == "Supports"), row["number"]
        for test in named:
            source = (PAGE.parent / test["path"]).read_text(encoding="utf-8")
            assert f"def test_{test['name'].replace(' ', '_')}(" in source, test["name"]
