"""A uvicorn server that stops without losing requests."""

import asyncio
import logging
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
CUTTING = 0.5  # seconds in which streams that are cut off come to their end, before uvicorn cancels all that is left
logger = logging.getLogger("dovetail.server")


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
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # one may have come while this process started

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
        cutting, log = asyncio.create_task(self._cut_streams_off()), logging.getLogger("uvicorn.error")
        log.addFilter(_without_traceback)
        try:
            await super().shutdown(sockets)
            if self.server_state.tasks:  # they are cancelled, and have not heard of it yet
                await asyncio.wait(self.server_state.tasks, timeout=CUTTING)
        finally:
            cutting.cancel()
            if not self.force_exit:
                log.removeFilter(_without_traceback)
        if self.force_exit:
            logger.warning(
                "Stopped at once, as a second SIGINT asks; what requests and plugins had to finish was cut off."
            )
            log.addFilter(_without_cancellation)

    async def _cut_streams_off(self) -> None:
        """Hang up on those who still read an answer; requests that have none yet are cancelled, and so undone."""
        if self.config.timeout_graceful_shutdown is None:
            return
        await asyncio.sleep(max(self.config.timeout_graceful_shutdown - CUTTING, 0))
        for connection in list(self.server_state.connections):
            cycle = connection.cycle if isinstance(connection, GuardedProtocol) else None
            if cycle is not None and cycle.response_started and not cycle.response_complete:
                logger.warning("cut off the answer to %s %s, to stop", cycle.scope["method"], cycle.scope["path"])
                connection.transport.abort()

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


def _without_traceback(record: logging.LogRecord) -> bool:
    """Say in one line that a request was cancelled; uvicorn logs it as it logs a fault of the application."""
    if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
        record.exc_info, record.msg = None, "A request was cancelled, to stop."
    return True


def _without_cancellation(record: logging.LogRecord) -> bool:
    """Drop the traceback of the application's lifespan, which is cancelled where nobody waits for its end."""
    return "CancelledError" not in record.getMessage()
