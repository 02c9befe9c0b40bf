"""A uvicorn server that ends without losing what a client has begun."""

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

LINGER = 0.3  # seconds in which a supervisor that was told to stop, too, sees to it that nobody arrives any more
LONGEST_QUEUE = 2.0  # seconds that accepting what has arrived may take
PERIOD = 0.02


class GracefulServer(Server):
    """Accepts what has arrived before it closes its listener; `is_alone` if no other process listens on it.

    A server that is alone and gets SIGHUP keeps its listener in `kept`, for the process that takes its place.
    """

    def __init__(self, config: Config, *, is_alone: bool) -> None:
        super().__init__(config)
        self.is_alone = is_alone
        self.kept: int | None = None
        self._is_replaced = False

    def replace_on_sighup(self) -> None:
        """End on SIGHUP, too, and keep the listener."""

        def replace(_signal: int, _frame: FrameType | None) -> None:
            self._is_replaced = self.should_exit = True

        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, replace)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop; in a process of its own, maybe, which has imported what it is to run."""
        begin_work()
        super().run(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the queue run dry, close the listener, finish what is under way."""
        for listener in sockets or ():
            if self._is_replaced:
                self.kept = os.dup(listener.fileno())
                await self._finish_connections()  # who arrives is served, until only the newest are left
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
    """Let a process that finished its work after SIGTERM exit with 0: uvicorn raises the signal again at its end."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
