"""Every part of uvicorn that Dovetail leans on and that its documentation does not name.

uvicorn is pinned to one minor version; tests/server/test_uvicorn_private.py fails when one of these changes. Its
classes are subclassed: what a subclass overrides and reads is listed beside each.
"""

import asyncio
from typing import TypeAlias

from httptools import HttpRequestParser
from uvicorn import Server
from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.supervisors import ChangeReload
from uvicorn.supervisors.multiprocess import Multiprocess, Process

HTTP_CALLBACKS = (
    "connection_made connection_lost data_received handle_websocket_upgrade on_message_begin on_header "
    "on_headers_complete on_body on_message_complete on_response_complete shutdown"
)
HTTP_ATTRIBUTES = "parser headers url scope cycle pipeline flow transport loop client server_state timeout_keep_alive"
CYCLE_ATTRIBUTES = (
    "transport keep_alive response_started response_complete more_body disconnected message_event "
    "waiting_for_100_continue flow access_log default_headers expected_content_length chunked_encoding"
)
SUPERVISOR_METHODS = (
    "init_processes restart_all keep_subprocess_alive handle_ttou handle_ttin terminate_all join_all run"
)
SUPERVISOR_ATTRIBUTES = "config processes_num should_exit signal_queue"
WORKER_METHODS = "server target always_pong start terminate kill join"
WORKER_ATTRIBUTES = "config process parent_conn child_conn pid exitcode"
SERVER_ATTRIBUTES = "config started should_exit server_state"

Message: TypeAlias = ASGISendEvent  # what a response is sent by
ResponseStart: TypeAlias = HTTPResponseStartEvent
ResponseCycle = RequestResponseCycle  # a request and what is sent for it; `send` and `send_500_response` are overridden
BAD_IN_NAME, BAD_IN_VALUE = HEADER_RE, HEADER_VALUE_RE  # what may stand in no header of a response
STATUS_LINES = STATUS_LINE  # the first line of a response, by status

Reloader = ChangeReload  # runs a server in a process that it replaces when a file changes


def websocket_protocol(**given: object) -> asyncio.Protocol:
    """Return what speaks on a connection that asks for WebSocket, as uvicorn has it, which the first one imports."""
    from uvicorn.protocols.websockets.auto import AutoWebSocketsProtocol

    if AutoWebSocketsProtocol is None:
        raise RuntimeError("no library speaks WebSocket; install uvicorn[standard], as Dovetail's dependencies say")
    return AutoWebSocketsProtocol(**given)


def has_begun_handshake(protocol: asyncio.BaseProtocol) -> bool:
    """Return whether what speaks WebSocket took a request for one; otherwise it answers nothing, and waits for ever."""
    return bool(getattr(protocol, "handshake_initiated", True))


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with public names for what is private in it."""

    is_websocket = HttpToolsProtocol._should_upgrade  # noqa: SLF001 - there is no public name for it

    def renew_parser(self) -> None:
        """Parse what follows as uvicorn parses the first request of a connection."""
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)


class WorkerProcess(Process):
    """uvicorn's worker, whose server a subclass makes."""

    def make_server(self) -> Server:
        """Return a server of `config`; called in the worker's own process."""
        return Server(self.config)

    @property
    def server(self) -> Server:
        """The server, which only the worker's own process has."""
        if self._server is None:
            self._server = self.make_server()
        return self._server


class WorkerSupervisor(Multiprocess):
    """uvicorn's supervisor of several workers."""
