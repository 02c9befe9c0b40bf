"""Warnings about what Dovetail looks after itself."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# SQLAlchemy cannot reflect SQLite's indexes on expressions; DovetailSQLiteImpl keeps them.
EXPRESSIONS = ".*expression-based index"
# Tables that refer to each other have no order; `splitting` breaks them apart.
CIRCLES = "Cannot correctly sort tables"
# Alembic cannot change one; `computed` makes it anew.
COMPUTED = "Computed default on .* cannot be modified"


@contextmanager
def known_warnings_passed_over() -> Iterator[None]:
    """Say nothing about them for a block."""
    with warnings.catch_warnings():
        for message in (EXPRESSIONS, CIRCLES, COMPUTED):
            warnings.filterwarnings("ignore", message=message)
        yield
