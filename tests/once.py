"""Say of a test that it runs once, and not on both databases."""

import pytest

asks_no_database = pytest.mark.parametrize("database_kind", ["sqlite"])  # what it shows is decided before one is asked
