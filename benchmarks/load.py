"""A load generator that costs a fraction of what it drives: keep-alive connections, each with one request under way."""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle
from typing import TypeAlias, cast

from benchmarks.machine import new_event_loop

LONGEST = 60  # seconds that a measurement may take beyond what it was asked for
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Result:
    """What a measurement gave."""

    requests: int
    seconds: float
    p50: float  # milliseconds
    p99: float
    cpu: float  # seconds that the generator itself took


class Change:
    """A PATCH that is sent again and again, each time with another number, and with the ETag of the answer before."""

    def __init__(self, path: str, body: str, token: str) -> None:
        self._head, self._body = _head("PATCH", path, token), body
        self._numbers = count(1)
        self._etag = "*"

    def write(self) -> bytes:
        """What to send next; `{number}` in the body is counted up."""
        body = self._body.replace("{number}", str(next(self._numbers))).encode()
        head = f"{self._head}If-Match: {self._etag}\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def answered(self, head: bytes) -> None:
        """Remember the ETag of an answer."""
        self._etag = header(head, b"etag").decode() or "*"


Request: TypeAlias = bytes | Change


def get(path: str, token: str | None = None) -> bytes:
    """A GET request."""
    return f"{_head('GET', path, token)}\r\n".encode()


def post(path: str, body: bytes, token: str) -> bytes:
    """A POST request with JSON and a bearer token."""
    head = f"{_head('POST', path, token)}Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def header(head: bytes, name: bytes) -> bytes:
    """The value of a header, or nothing; its name is in small letters."""
    start = head.lower().find(b"\r\n%s:" % name)
    return b"" if start < 0 else head[start + len(name) + 3 :].partition(b"\r\n")[0].strip()


def measure(
    port: int, requests: Sequence[Request], *, seconds: float, connections: int = 32, status: int = 200
) -> Result:
    """Send `requests` again and again for some seconds; what is under way then is waited for, and counted.

    Where there are enough, each connection has some for itself: no change is under way twice.

    Raises RuntimeError for an answer of another status than `status`, and TimeoutError if the server hangs.
    """
    gc.collect()
    gc.freeze()  # so that the next measurement's collection need not read all of this again
    gc.disable()
    before = time.process_time()
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            times, elapsed = runner.run(_measure(port, requests, seconds, connections, b"%d" % status))
    finally:
        gc.enable()
    times.sort()
    p50, p99 = times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3
    return Result(len(times), elapsed, p50, p99, time.process_time() - before)


def _head(method: str, path: str, token: str | None) -> str:
    known = "" if token is None else f"Authorization: Bearer {token}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{known}"


async def _measure(
    port: int, requests: Sequence[Request], seconds: float, connections: int, status: bytes
) -> tuple[list[float], float]:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    started = time.perf_counter()
    ended = [loop.create_future() for _ in range(connections)]
    for number, done in enumerate(ended):
        own = cycle(requests[number::connections] if len(requests) >= connections else requests)
        connection = partial(_Connection, own, status, started + seconds, times, done)
        await loop.create_connection(connection, "127.0.0.1", port)
    async with asyncio.timeout(seconds + LONGEST):
        await asyncio.gather(*ended)
    return times, time.perf_counter() - started


class _Connection(asyncio.Protocol):
    def __init__(
        self,
        requests: Iterator[Request],
        status: bytes,
        deadline: float,
        times: list[float],
        done: "asyncio.Future[None]",
    ) -> None:
        self.requests, self.status, self.deadline, self.times, self.done = requests, status, deadline, times, done
        self.head = b""
        self.missing = 0  # bytes of the body
        self.request: Request = b""
        self.sent = 0.0
        self.transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
        else:
            self.head += data
            end = self.head.find(END_OF_HEAD)
            if end < 0:
                return
            self.missing = self._length(end) - (len(self.head) - end - len(END_OF_HEAD))
        if self.missing > 0:
            self.head = b""
            return
        self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the server closed a connection: {error}"))

    def _length(self, end: int) -> int:
        head = self.head[:end].lower()
        if head[9:12] != self.status:
            self._fail(f"expected an answer of status {self.status.decode()}, found {self.head[:2000].decode()}")
        if isinstance(self.request, Change):
            self.request.answered(self.head[:end])
        found = header(head, b"content-length")
        if not found:
            self._fail(f"expected an answer with a Content-Length, found {self.head[:end].decode()}")
        return int(found or 0)

    def _answered(self) -> None:
        now = time.perf_counter()
        self.times.append(now - self.sent)
        self.head, self.missing = b"", 0
        if self.done.done():
            return
        if now < self.deadline:
            self._send()
        else:
            self.done.set_result(None)
            self.transport.close()

    def _send(self) -> None:
        self.request = next(self.requests)
        text = self.request if isinstance(self.request, bytes) else self.request.write()
        self.sent = time.perf_counter()
        self.transport.write(text)

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(why))
        self.transport.close()
