"""The page of the documents says of every animal what works."""

from tests.zoo.page import PAGE, page
from tests.zoo.zoo import ANIMALS


def test_the_page_of_column_types_is_what_the_tests_take():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.zoo.page`"


def test_every_animal_has_a_name_of_its_own_and_values_or_words_that_refuse_it():
    assert len({one.name for one in ANIMALS}) == len(ANIMALS)
    assert [one.name for one in ANIMALS if not (one.right or any(one.refused.values()))] == []
