"""One line a request on the logger `dovetail.access`."""

import logging
import os
import re
from collections.abc import Awaitable
from threading import get_ident
from time import perf_counter, time
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINE = "%s %s %d %.1f ms"
HARMLESS = re.compile(r"[A-Za-z0-9._~/-]*", re.ASCII)  # what quote() leaves as it is
logger = logging.getLogger("dovetail.access")


class AccessLogMiddleware:
    """Logs method, path, status and duration of each request, never its query: secrets travel there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._first: logging.LogRecord | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application and log what came of it; the duration includes sending the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = perf_counter(), 0

        def send_and_note(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            if logger.isEnabledFor(logging.INFO):
                milliseconds = (perf_counter() - started) * 1000
                path = scope["path"]
                if not HARMLESS.fullmatch(path):  # a line feed, say, could forge a line
                    path = quote(path)
                values = (scope["method"], path, status, milliseconds)  # status 0: no answer was begun
                logger.handle(self._record(values))

    def _record(self, values: tuple[object, ...]) -> logging.LogRecord:
        # logger.info() would look through the stack for its caller, which is always this file, and every record would
        # look up its file, its process and its thread: that costs more than the rest of the line. It is done once.
        if logging.getLogRecordFactory() is not logging.LogRecord:
            return _make_record(values)  # somebody has records of their own, who knows what is in them
        if self._first is None or not _is_of_here(self._first):
            self._first = _make_record(())
        return _LikeTheFirst(self._first, values)


class _LikeTheFirst(logging.LogRecord):
    """A record that differs from another in its arguments and its time."""

    def __init__(self, first: logging.LogRecord, args: tuple[object, ...]) -> None:
        self.__dict__.update(first.__dict__)
        self.args = args
        self.created = time()
        self.msecs = self.created % 1 * 1000
        self.relativeCreated += (self.created - first.created) * 1000


def _make_record(values: tuple[object, ...]) -> logging.LogRecord:
    return logger.makeRecord(logger.name, logging.INFO, __file__, 0, LINE, values, None)


def _is_of_here(record: logging.LogRecord) -> bool:
    return record.thread == get_ident() and record.process == os.getpid()
