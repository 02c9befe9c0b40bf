"""Fixtures of the tests of commands."""

from functools import partial

import pytest

from tests import outside


@pytest.fixture
def run_async(settings):
    """Run `async def function(session)` in a transaction of its own, from a test that is not async."""
    return partial(outside.run_async, settings)
