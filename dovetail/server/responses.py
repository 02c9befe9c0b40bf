"""Write the head of a response: uvicorn looks at each header of each answer, and nearly all answers have the same."""

from collections.abc import Awaitable, Iterable
from functools import lru_cache

from dovetail.middleware.headers import Pair
from dovetail.server.uvicorn_private import (
    BAD_IN_NAME,
    BAD_IN_VALUE,
    STATUS_LINES,
    Message,
    ResponseCycle,
    ResponseStart,
)

# Of few values, none of which is a secret.
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
LONGEST_STEADY = 1_000  # bytes of a value that is remembered


class Cycle(ResponseCycle):
    """uvicorn's request and response; begins a response of known length by itself, and leaves any other to uvicorn."""

    def send(self, message: Message) -> Awaitable[None]:  # type: ignore[override]  # it is awaited, and no more
        """Send a part of the response. Raises RuntimeError for a header that would end its line too soon."""
        is_first = not (self.response_started or self.disconnected or self.flow.write_paused or self.access_log)
        if is_first and self.keep_alive and message["type"] == "http.response.start":
            return self._start(message)
        return super().send(message)

    async def _start(self, message: ResponseStart) -> None:
        lines = [STATUS_LINES[message["status"]]]
        length = _add_lines(lines, [*self.default_headers, *message.get("headers", ())])
        if length is None:
            await super().send(message)
            return
        self.response_started, self.waiting_for_100_continue = True, False
        self.expected_content_length, self.chunked_encoding = length, False
        self.transport.write(b"".join(lines))


def _add_lines(lines: list[bytes], headers: Iterable[Pair]) -> int | None:
    """Write headers; return the length of the body, None where there is none, or more to do about a header."""
    length = None
    for name, value in headers:
        if name in STEADY and len(value) <= LONGEST_STEADY:
            line = _steady_line(name, value)
        else:
            line, small = _line(name, value), name.lower()
            if small in OF_CONNECTION:
                return None
            if small == b"content-length" and length is None:
                length = int(value)
        if not line:
            return None
        lines.append(line)
    lines.append(b"\r\n")
    return length


def _line(name: bytes, value: bytes) -> bytes:
    """Return the line of a header; nothing for one that uvicorn refuses."""
    if BAD_IN_NAME.search(name) or BAD_IN_VALUE.search(value):
        return b""
    return b"%s: %s\r\n" % (name.lower(), value)


_steady_line = lru_cache(maxsize=256)(_line)
