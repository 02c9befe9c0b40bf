"""HTTP/1.1 as uvicorn speaks it with httptools, with limits to what a client may send before anything is done for it.

uvicorn itself has no limit to headers and no deadline for a request (docs/server.md tells what was measured, of it and
of other servers). Everything here leans on what `uvicorn_private.py` names.

`manage.py runserver` serves with this class; `uvicorn --http dovetail.server.protocol:GuardedProtocol` does too.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Any

import httptools

from dovetail.server.descriptors import Descriptors
from dovetail.server.gathering import GatheringTransport
from dovetail.server.limits import Limits, limits_of
from dovetail.server.refusals import refusal
from dovetail.server.responses import Cycle
from dovetail.server.targets import names_its_host
from dovetail.server.uvicorn_private import HttpProtocol, ResponseCycle, has_begun_handshake

LINGER = 1.0  # seconds in which a client may go on sending after it was refused
MOST_DISCARDED = 262_144  # bytes that it may send then
logger = logging.getLogger("dovetail.server")


class Guard:
    """The state that the connections of one server share."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.descriptors = Descriptors()
        self.is_closing = False  # whether each answer is the last one on its connection


class RefusedError(Exception):
    """Ends the parsing of what is refused already."""


class GuardedProtocol(HttpProtocol):
    """Refuses a head that is too large or too slow, a body that is too slow, and a client that takes no answer."""

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, object], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        guard = getattr(server_state, "guard", None)
        if guard is None:
            guard = server_state.guard = Guard(limits_of(config.loaded_app))
        self.guard: Guard = guard
        self.limits = guard.limits
        self._deadline: float | None = None  # until when what we wait for has to be here; None while we do not wait
        self._chunk = 0  # bytes that are being parsed
        self._pending = 0  # bytes since the last of which something came: a whole head, a part of a body, an end
        self._is_head = True  # whether we wait for a head, and not for a body
        self._is_idle = False  # whether it is the next request that we wait for
        self._is_refused = False
        self._unsent, self._unsent_since = 0, 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._head_again = b""  # of a request whose upgrade nobody offers, without that header
        self._answered: ResponseCycle | None = None  # the cycle being answered; `cycle` is the last that came
        self._chunked: object = None  # the cycle whose body is known to have no other coding than chunked

    def connection_made(self, transport: Any) -> None:
        """Give the first request its time, unless there are too many connections."""
        super().connection_made(transport)
        self._gathering = GatheringTransport(transport)
        if self.guard.descriptors.are_short(transport):
            self._refuse(503, "This server has as many connections as it can hold; try again soon.")
            return
        self._deadline = self.loop.time() + self.limits.head_seconds
        self._watch = self.loop.call_later(self.limits.period, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and tell the request that is being answered; uvicorn tells the last of a pipeline."""
        self._stop_watching()
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self._is_refused:
            self._discard(data)
            return
        self._chunk = len(data)
        self._pending += self._chunk
        if self._deadline is None or self._is_idle:
            self._is_idle, self._deadline = False, self.loop.time() + self.limits.head_seconds
        while data:
            data = self._parse(data)
        if self._pending > self.limits.head_bytes:
            self._refuse_size()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; the other protocol has rules of its own, unless it says nothing to this request."""
        self._stop_watching()
        self._pending = 0
        super().handle_websocket_upgrade()
        if not has_begun_handshake(self.transport.get_protocol()):
            logger.info("refused a request of %s with 400: it opens no WebSocket", self._peer())
            self.transport.write(refusal(400, "This request opens no WebSocket.", self.server_state.default_headers))
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin a head, perhaps in the midst of what came."""
        super().on_message_begin()
        self._pending, self._is_head = self._chunk, True
        if self._deadline is None:
            self._deadline = self.loop.time() + self.limits.head_seconds

    def on_headers_complete(self) -> None:
        """Begin to answer, and give the body its time."""
        headers = self.headers
        if self.parser.get_http_version()[0] != "1":
            self._refuse_version()
            raise RefusedError
        if len(headers) > self.limits.headers:
            self._refuse(431, f"The request has more than the {self.limits.headers} headers this server accepts.")
            raise RefusedError
        # What came since the head began is more than the head, or as much; seldom is it worth counting.
        if self._pending > self.limits.head_bytes and self._head_size() > self.limits.head_bytes:
            self._refuse_size()
            raise RefusedError
        if self.parser.should_upgrade() and not self.is_websocket() and self._passes_over_upgrade():
            return
        if self.url[:1] != b"/" and not names_its_host(self.url, headers):
            self._refuse(400, "The request line names another host than the Host header.")
            raise RefusedError
        if len(self.pipeline) >= self.limits.pipelined:
            self._refuse(400, "")  # those that wait are answered, and then the connection is closed
            raise RefusedError
        # A copy, for trailers join this list: what looks like a header of the request must have come in its head.
        self.scope["headers"] = headers.copy()
        before = self.cycle
        super().on_headers_complete()
        self._pending, self._is_head = 0, False
        self._deadline = self.loop.time() + self.limits.body_seconds
        if not self.pipeline:
            self._answered = self.cycle
        if self.cycle is not before:  # a websocket has none
            self.cycle.__class__ = Cycle  # there is no other way to have uvicorn make one of ours
            self.cycle.transport = self._gathering  # type: ignore[assignment]  # narrow: it has what a cycle calls
            self.cycle.keep_alive = self.cycle.keep_alive and not self.guard.is_closing

    def on_chunk_header(self) -> None:
        """Refuse a body that has another coding below that of chunks, which the parser lets pass."""
        if self._chunked is self.cycle:
            return
        self._chunked = self.cycle
        if any(name == b"transfer-encoding" and value.lower() != b"chunked" for name, value in self.scope["headers"]):
            self._refuse(501, "The body has a transfer coding other than chunked, and this server knows none.")
            raise RefusedError

    def on_body(self, body: bytes) -> None:
        """Take a part of a body; who sends steadily gets the time it needs."""
        super().on_body(body)
        self._pending = 0
        if self._deadline is not None:
            self._deadline += len(body) / self.limits.body_rate

    def on_message_complete(self) -> None:
        """Wait for nothing, or for the next request if this one was answered before it had come."""
        if self._head_again:
            return
        super().on_message_complete()
        self._pending, self._deadline = 0, None
        if self.cycle is not None and self.cycle.response_complete:  # a websocket has none
            self._wait_for_next()

    def on_response_complete(self) -> None:
        """Go on with the next request, which has to come in time."""
        self._gathering.flush()
        if self.pipeline:
            self._answered = self.pipeline[-1][0]
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        # As uvicorn does, but for a timer of its own, which nearly every request would make and cancel.
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._wait_for_next()

    def shutdown(self) -> None:
        """Answer what is under way, and the next request too, which may be on its way to us; then close."""
        if not self.limits.is_patient or self._is_refused:
            super().shutdown()
            return
        self.guard.is_closing = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        elif self._deadline is not None:  # a connection that was made, and did not ask for anything yet
            self._deadline = min(self._deadline, self.loop.time() + self.timeout_keep_alive)

    def _parse(self, data: bytes) -> bytes:
        """Parse `data`; return what has to be parsed again: a head without its Upgrade header, and what follows it."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as error:
            if self._head_again:
                head, self._head_again = self._head_again, b""
                self.renew_parser()
                return head + data[error.args[0] :]
            self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            if self.parser.get_http_version()[0] > "1":
                self._refuse_version()
            else:
                self._refuse(400, "This is not HTTP/1.1.")
        return b""

    def _passes_over_upgrade(self) -> bool:
        """Return whether the head is parsed again without its Upgrade header, which httptools ends the request with.

        It would take the body for another request.
        """
        kept = [pair for pair in self.headers if pair[0] != b"upgrade"]
        if len(kept) == len(self.headers):
            return False  # it is CONNECT
        line = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        self._head_again = line + b"".join(b"%s: %s\r\n" % pair for pair in kept) + b"\r\n"
        return True

    def _wait_for_next(self) -> None:
        """Give the next request its time, unless a part of it or of this one is on its way."""
        if self._deadline is None:
            self._is_idle, self._is_head, self._deadline = True, True, self.loop.time() + self.timeout_keep_alive

    def _look(self) -> None:
        self._watch = self.loop.call_later(self.limits.period, self._look)
        now = self.loop.time()
        if self._deadline is not None and self._is_our_turn():
            self._deadline += self.limits.period
        elif self._deadline is not None and now >= self._deadline:
            self._on_timeout()
        self._watch_reader(now)

    def _is_our_turn(self) -> bool:
        """Return whether it is not the client that is waited for: we do not read, or it waits to be told to go on."""
        waits = self.cycle is not None and self.cycle.waiting_for_100_continue
        return not self._is_refused and (self.flow.read_paused or waits)

    def _on_timeout(self) -> None:
        if self._is_refused:
            self.transport.close()
        elif self._pending == 0 and self._is_head:
            self.transport.close()  # nothing was asked
        elif self._is_head:
            self._refuse(408, f"The head of the request did not come within {self.limits.head_seconds:g} seconds.")
        else:
            self._refuse(408, f"The body of the request did not come within {self.limits.body_seconds:g} seconds.")

    def _watch_reader(self, now: float) -> None:
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        elif now - self._unsent_since >= self.limits.body_seconds:
            logger.info("closed a connection: %s took nothing of its answer", self._peer())
            self.transport.abort()

    def _refuse_version(self) -> None:
        self._refuse(505, f"The request is of HTTP/{self.parser.get_http_version()}; this server speaks HTTP/1.1.")

    def _refuse_size(self) -> None:
        self._refuse(431, f"The head of the request has more than the {self.limits.head_bytes} bytes we accept.")

    def _refuse(self, status: int, detail: str) -> None:
        """Say why, where that can be said, and take nothing more from this connection."""
        if self._is_refused:
            return
        self._is_refused, self._deadline = True, None
        cycle = self.cycle
        if cycle is None or cycle.response_complete or (not self.pipeline and self._may_answer_for(cycle)):
            self._answer(status, detail)
        elif cycle.more_body:
            self.transport.close()
        else:  # it is about what follows: those before it are answered
            logger.info("closed a connection: %s sent what cannot be answered behind other requests", self._peer())
            cycle.keep_alive = False

    def _answer(self, status: int, detail: str) -> None:
        logger.info("refused a request of %s with %d: %s", self._peer(), status, detail)
        self.transport.write(refusal(status, detail, self.server_state.default_headers))
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if status == HTTPStatus.SERVICE_UNAVAILABLE or not self.transport.can_write_eof():
            self.transport.close()
            return
        # Who is still sending would be reset, and perhaps not read the answer, if we closed now.
        self.transport.write_eof()
        self._pending, self._deadline = 0, self.loop.time() + LINGER

    def _discard(self, data: bytes) -> None:
        self._pending += len(data)
        if self._pending > MOST_DISCARDED:
            self.transport.close()

    def _may_answer_for(self, cycle: Any) -> bool:
        return bool(cycle.more_body and not cycle.response_started)

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)

    def _peer(self) -> str:
        return self.client[0] if self.client else "a client"

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
