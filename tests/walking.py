"""Go through the pages of a list as a client does, and no further than a list can go."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

MOST = 500  # pages; no list of the tests has as many, and a broken cursor leads on for ever


async def pages(
    get: Callable[[str], Awaitable[httpx.Response]], url: str, direction: str = "next"
) -> AsyncIterator[httpx.Response]:
    """Yield the answers from page to page; fail if they do not end."""
    following: str | None = url
    for _ in range(MOST):
        answer = await get(following)
        assert answer.status_code == 200, answer.text
        yield answer
        following = answer.json()[direction]
        if not following:
            return
    pytest.fail(f"the list has not ended after {MOST} pages, and leads on to {following}")
