"""A response with a file of this machine, or with the parts of it that a valid Range header asks for."""

import os
import re
from pathlib import Path

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from dovetail.errors import NotFoundError

RANGE = re.compile(r"(?P<first>\d{1,18})-(?P<last>\d{0,18})|-\d{1,18}")


class StoredFileResponse(FileResponse):
    """A FileResponse for a file that may be deleted meanwhile, and that ignores a Range that is none (RFC 9110 14.2).

    Starlette's answers 500 to the one and 400 to the other.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response. Raise NotFoundError if the file is gone."""
        try:
            self.stat_result = await to_thread.run_sync(os.stat, self.path)
        except FileNotFoundError:
            raise NotFoundError(f"The file {Path(self.path).name} was deleted.") from None
        self.set_stat_headers(self.stat_result)
        wanted = Headers(scope=scope).get("range")
        if wanted is not None and not _is_range(wanted):
            scope = {**scope, "headers": [one for one in scope["headers"] if one[0] != b"range"]}
        await super().__call__(scope, receive, send)


def _is_range(text: str) -> bool:
    unit, _, ranges = text.partition("=")
    found = [RANGE.fullmatch(one.strip()) for one in ranges.split(",")]
    return unit.strip().lower() == "bytes" and all(one is not None and _is_in_order(one) for one in found)


def _is_in_order(found: re.Match[str]) -> bool:
    first, last = found["first"], found["last"]
    return not (first and last) or int(first) <= int(last)
