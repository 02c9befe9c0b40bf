"""The columns that lists are ordered by."""

from dovetail.resources.query.ordering import Term
from dovetail.resources.query.paths import resolve
from tests.library.models import Book


def test_columns_have_the_means_to_read_a_cursor_ready_whichever_way_they_are_ordered():
    """Pydantic takes longer to make them than a page takes to be read."""
    term, again = (Term(resolve(Book, "created_at")) for _ in range(2))

    assert term.adapter is again.reversed().adapter
