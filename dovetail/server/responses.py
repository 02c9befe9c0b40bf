"""Write the head of a response. uvicorn checks each header of each response; here the usual ones are checked once."""

import asyncio
import sys
from collections.abc import Awaitable, Iterable
from functools import lru_cache

from dovetail.middleware.headers import Pair
from dovetail.server.gathering import GatheringTransport
from dovetail.server.refusals import refusal
from dovetail.server.uvicorn_private import (
    BAD_IN_NAME,
    BAD_IN_VALUE,
    STATUS_LINES,
    Message,
    ResponseCycle,
    ResponseStart,
)

# Headers with few values, none of which is a secret: their lines are kept.
STEADY = frozenset({
    b"cache-control",
    b"content-security-policy",
    b"content-type",
    b"cross-origin-opener-policy",
    b"referrer-policy",
    b"strict-transport-security",
    b"vary",
    b"x-content-type-options",
    b"x-frame-options",
})  # fmt: skip
OF_CONNECTION = frozenset({b"connection", b"transfer-encoding"})
CANCELLED = "This server stops, and cancelled the request, which took too long to wait for it; try again shortly."
LONGEST_STEADY = 1_000  # bytes of a value that is remembered
MOST_KNOWN = 256
_known: dict[Pair, bytes] = {}  # the lines of steady headers that were written before


class Cycle(ResponseCycle):
    """uvicorn's request and response; starts a response of known length by itself, and leaves any other to uvicorn.

    uvicorn sends the head of a response of unknown length at once: its body may be a stream of events.
    """

    transport: GatheringTransport  # type: ignore[assignment]  # narrow: it has what a cycle calls

    def send(self, message: Message) -> Awaitable[None]:  # type: ignore[override]  # narrow: it is awaited, and no more
        """Send a part of the response. Raise RuntimeError for a header that would end its line too soon."""
        is_first = not (self.response_started or self.disconnected or self.flow.write_paused or self.access_log)
        if is_first and self.keep_alive and message["type"] == "http.response.start":
            return self._start(message)
        return super().send(message)

    async def send_500_response(self) -> None:
        """Answer 503 to a request that was cancelled since the server stops; to any other, uvicorn's 500."""
        if not isinstance(sys.exc_info()[1], asyncio.CancelledError):
            await super().send_500_response()
        elif not self.disconnected:
            self.response_started = self.response_complete = True
            self.transport.write(refusal(503, CANCELLED, self.default_headers))
            self.transport.close()

    async def _start(self, message: ResponseStart) -> None:
        lines = [STATUS_LINES[message["status"]]]
        length = _add_lines(lines, [*self.default_headers, *message.get("headers", ())])
        if length is None:
            await super().send(message)
            return
        self.response_started, self.waiting_for_100_continue = True, False
        self.expected_content_length, self.chunked_encoding = length, False
        self.transport.hold(b"".join(lines))


def _add_lines(lines: list[bytes], headers: Iterable[Pair]) -> int | None:
    """Write headers; return the length of the body. Return None for uvicorn to write them: without a length, say."""
    length, values = None, []
    for pair in headers:
        name, value = pair
        line = _known.get(pair) or (name in STEADY and _steady_line(pair))
        if line:
            lines.append(line)
            continue
        start = _start(name)
        if start == b"content-length: " and length is None:
            length = int(value)
        elif not start:
            return None
        lines += (start, value, b"\r\n")
        values.append(value)
    lines.append(b"\r\n")
    return None if BAD_IN_VALUE.search(b" ".join(values)) else length  # one search costs less than one for each


def _steady_line(pair: Pair) -> bytes:
    """Return the line of a header that is kept; nothing for a value that uvicorn has to check."""
    name, value = pair
    if len(value) > LONGEST_STEADY or BAD_IN_VALUE.search(value):
        return b""
    line = b"%s%s\r\n" % (_start(name), value)
    if len(_known) < MOST_KNOWN:
        _known[pair] = line
    return line


@lru_cache(maxsize=256)
def _start(name: bytes) -> bytes:
    """Return the start of a header's line; nothing for a header that uvicorn treats specially, or refuses."""
    small = name.lower()
    return b"" if small in OF_CONNECTION or BAD_IN_NAME.search(name) else small + b": "
