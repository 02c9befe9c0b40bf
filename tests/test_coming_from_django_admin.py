"""docs/coming-from-django-admin.md answers for every option of Django's admin, and names tests that execute them."""

from collections import Counter

from tests.docs.django_admin.page import PAGE, write_page
from tests.docs.django_admin.rows import ALL, MOST_NOT_NEEDED, NOT_NEEDED, problems, read_rows


def test_every_option_is_answered_once_and_every_test_it_names_is_there():
    rows = read_rows()
    assert [problem for row in rows for problem in problems(row)] == []
    assert [name for name, times in Counter((row.section, row.name) for row in rows).items() if times > 1] == []
    assert len(rows) == ALL
    assert Counter(row.verdict for row in rows)[NOT_NEEDED] <= MOST_NOT_NEEDED


def test_the_page_is_as_the_rows_make_it():
    assert PAGE.read_text(encoding="utf-8") == write_page(), "write it anew: python -m tests.docs.django_admin.page"
