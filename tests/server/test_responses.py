"""The head of an answer is what uvicorn writes, byte for byte, and what uvicorn refuses is refused."""

import asyncio
import logging
from collections.abc import Sequence

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from dovetail.middleware.headers import Pair
from dovetail.middleware.security_headers import DEFAULTS, STRICT_TRANSPORT_SECURITY
from dovetail.server.responses import LONGEST_STEADY, STEADY, Cycle

USUAL = [
    *((name.lower().encode(), value.encode()) for name, value in DEFAULTS.items()),
    STRICT_TRANSPORT_SECURITY,
    (b"Content-Type", b"application/json"),
    (b"vary", b"Authorization"),
    (b"etag", b'"a-b"'),
    (b"x-request-id", b"one"),
]
LENGTH = (b"content-length", b"4")


class Transport:
    """A transport that keeps what is written, and may hold a head."""

    def __init__(self):
        self.sent = b""
        self.held = b""

    def hold(self, head):
        self.held = head

    def write(self, data):
        self.sent += self.held + data
        self.held = b""

    def close(self):
        self.sent += b"<closed>"

    def resume_reading(self):
        pass


async def answered(kind: type[RequestResponseCycle], headers: Sequence[Pair], status: int, *, keeps: bool) -> bytes:
    """What a connection carries for an answer of four bytes, and the error if it is refused."""
    transport = Transport()
    cycle = cycle_on(transport, kind, keeps=keeps)
    try:
        await cycle.send({"type": "http.response.start", "status": status, "headers": headers})
        await cycle.send({"type": "http.response.body", "body": b"" if status == 304 else b"body"})
    except RuntimeError as error:
        return f"{error} {cycle.response_started}".encode()
    return transport.sent + transport.held + (b" kept" if cycle.keep_alive else b"")


def cycle_on(transport: Transport, kind: type[RequestResponseCycle], *, keeps: bool = True) -> RequestResponseCycle:
    """Return a request that came on a connection."""
    logger = logging.getLogger(__name__)
    return kind(
        scope={"type": "http", "method": "GET"},
        transport=transport,
        flow=FlowControl(transport),
        logger=logger,
        access_logger=logger,
        access_log=False,
        default_headers=[(b"server", b"ours")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keeps,
        on_response=lambda: None,
    )


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([*USUAL, LENGTH], 200),
        ([LENGTH, (b"Content-Length", b"9")], 201),
        (USUAL, 200),
        (USUAL, 304),
        ([*USUAL, LENGTH, (b"Connection", b"close")], 200),
        ([*USUAL, (b"transfer-encoding", b"chunked")], 200),
        ([(b"content-length", b"3")], 200),
        ([LENGTH, (b"content-type", b"x" * LONGEST_STEADY + b"y")], 200),
        ([LENGTH, (b"vary", b"a\r\nset-cookie: b")], 200),
        ([LENGTH, (b"location", b"a\nb")], 200),
        ([LENGTH, (b"x a", b"b")], 200),
    ],
)
async def test_an_answer_is_written_as_uvicorn_writes_it(headers, status, keeps):
    for _ in range(2):  # the second time lines are known
        ours = await answered(Cycle, headers, status, keeps=keeps)
        assert ours == await answered(RequestResponseCycle, headers, status, keeps=keeps)
        assert ours


def test_the_headers_of_every_answer_are_those_that_are_looked_at_once():
    ours = {name.lower().encode() for name in DEFAULTS} | {STRICT_TRANSPORT_SECURITY[0]}
    assert ours <= STEADY
    assert STEADY.isdisjoint({b"set-cookie", b"authorization", b"etag", b"location"})


@pytest.mark.parametrize(("headers", "waits"), [([*USUAL, LENGTH], True), (USUAL, False)])
async def test_a_head_waits_for_its_body_only_if_that_is_of_known_length(headers, waits):
    transport = Transport()
    cycle = cycle_on(transport, Cycle)
    await cycle.send({"type": "http.response.start", "status": 200, "headers": headers})
    assert (b"" if waits else b"HTTP/1.1 200 OK\r\n") == transport.sent[:17]
    await cycle.send({"type": "http.response.body", "body": b"body"})
    assert transport.sent.startswith(b"HTTP/1.1 200 OK\r\n")
