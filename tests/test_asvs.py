"""docs/asvs.md answers every requirement of OWASP ASVS 5.0.0, levels 1 and 2, and names tests that are there."""

from collections import Counter

from tests.docs.asvs.answers import problems, read_answers
from tests.docs.asvs.page import PAGE, write_page


def test_every_requirement_is_answered_once_and_every_test_it_names_is_there():
    found = read_answers()
    assert [problem for requirement in found for problem in problems(requirement)] == []
    assert [number for number, times in Counter(one.number for one in found).items() if times > 1] == []


def test_there_are_as_many_requirements_as_the_standard_has():
    assert Counter(requirement.level for requirement in read_answers()) == {1: 70, 2: 183}


def test_the_page_is_as_the_answers_make_it():
    assert PAGE.read_text(encoding="utf-8") == write_page(), "write it anew: python -m tests.docs.asvs.page"
