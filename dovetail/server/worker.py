"""A uvicorn server that stops without losing requests."""

import asyncio
import os
import signal
import socket
import sys
from types import FrameType

from uvicorn import Config, Server

from dovetail.server.collector import begin_work
from dovetail.server.limits import limits_of
from dovetail.server.listener import has_arrivals, stop_arrivals
from dovetail.server.protocol import GuardedProtocol

LINGER = 0.3  # seconds in which the supervisor, which was told to stop too, closes the listener to new connections
LONGEST_QUEUE = 2.0  # seconds that accepting the queue may take
PERIOD = 0.02


class GracefulServer(Server):
    """Accepts the queue before it closes its listener; `is_alone` if no other process shares the listener.

    A server that is alone and gets SIGHUP keeps its listener in `kept`, for the process that replaces it.
    """

    def __init__(self, config: Config, *, is_alone: bool) -> None:
        super().__init__(config)
        self.is_alone = is_alone
        self.kept: int | None = None
        self._is_replaced = False

    def replace_on_sighup(self) -> None:
        """Stop on SIGHUP, too, and keep the listener."""

        def replace(_signal: int, _frame: FrameType | None) -> None:
            self._is_replaced = self.should_exit = True

        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, replace)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop."""
        begin_work()
        super().run(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept the queue, close the listener, and finish the requests at work."""
        for listener in sockets or ():
            if self._is_replaced:
                self.kept = os.dup(listener.fileno())
                await self._finish_connections()  # new connections are accepted meanwhile
            elif limits_of(self.config.loaded_app).is_patient:
                await self._finish_queue(listener)
        await super().shutdown(sockets)

    async def _finish_queue(self, listener: socket.socket) -> None:
        if self.is_alone:
            stop_arrivals(listener)
        else:
            await asyncio.sleep(LINGER)
        loop = asyncio.get_running_loop()
        latest = loop.time() + LONGEST_QUEUE
        while has_arrivals(listener) and loop.time() < latest:  # noqa: ASYNC110 - the system calls nobody back
            await asyncio.sleep(PERIOD)

    async def _finish_connections(self) -> None:
        loop = asyncio.get_running_loop()
        latest = loop.time() + self.config.timeout_keep_alive
        old = {one for one in self.server_state.connections if isinstance(one, GuardedProtocol)}
        for connection in old:
            connection.shutdown()
        while old & self.server_state.connections and loop.time() < latest:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(PERIOD)


def exit_cleanly_on_sigterm() -> None:
    """Exit with 0 on SIGTERM: uvicorn raises the signal again after it has stopped."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
