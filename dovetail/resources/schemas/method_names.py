"""Let columns be called as methods of pydantic's first version are, which it keeps until its third: `copy`, `json`."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def names_of_methods() -> Iterator[None]:
    """Make schemas inside the block whose fields stand in for methods that nothing here calls."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Field name .* shadows an attribute in parent", UserWarning)
        yield
