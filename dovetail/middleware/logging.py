"""Logging: one line for each record, with the id of the request."""

import asyncio
import logging
import logging.config
from time import gmtime, strftime
from typing import TextIO

from dovetail.middleware.forks import forget_in_child
from dovetail.middleware.request_id import current_request_id


class RequestIdFilter(logging.Filter):
    """Sets the attribute `request_id` of each record, "-" outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True: no record is filtered out."""
        record.request_id = current_request_id.get() or "-"
        return True


class LineFormatter(logging.Formatter):
    """Formats a record as time (UTC, RFC 3339), level, logger, request id and message."""

    def __init__(self) -> None:
        super().__init__()
        self._second, self._text = -1, ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, followed by the traceback if there is one."""
        request_id = getattr(record, "request_id", "-")
        return self.line(record.created, record.levelname, record.name, request_id, super().format(record))

    def line(self, created: float, level: str, name: str, request_id: str, message: str) -> str:
        """Return the line of a record created at `created` (seconds since 1970); the formatted second is cached."""
        second = int(created)
        if second != self._second:
            self._second, self._text = second, strftime("%Y-%m-%dT%H:%M:%S", gmtime(second))
        return f"{self._text}.{int(created % 1 * 1000):03d}Z {level} {name} [{request_id}] {message}"


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes lines to standard error, each with the id of the request."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = LineFormatter()
        self.setFormatter(self.lines)
        self._waiting: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # the loop that has `flush` scheduled
        forget_in_child(self._forget)

    def is_plain(self) -> bool:
        """Return whether it still writes all records from INFO on, formatted by `lines`, as it was set up."""
        return self.formatter is self.lines and not self.filters and self.level <= logging.INFO

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record unless a filter rejects it."""
        record.request_id = current_request_id.get() or "-"
        return bool(super().handle(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record immediately, after the queued lines, so that it is not lost if the process hangs or dies."""
        try:
            self._waiting.append(self.format(record))
            self.flush()
        except Exception:  # noqa: BLE001 - handleError reports it
            self.handleError(record)

    def write_soon(self, line: str) -> None:
        """Queue a line, to be written together with others of this event loop iteration by one system call."""
        self._waiting.append(line)
        loop = asyncio.get_running_loop()
        # The line is appended before the loop is compared, and `flush` resets the loop before it takes the lines, so
        # no line stays in the queue.
        if loop is not self._loop:
            self._loop = loop
            loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write the queued lines."""
        self.acquire()
        try:
            self._loop = None
            waiting = self._waiting[:]
            del self._waiting[: len(waiting)]  # another thread may have appended lines meanwhile
            if waiting:
                self.stream.write("\n".join([*waiting, ""]))
            super().flush()
        finally:
            self.release()

    def _forget(self) -> None:
        self._waiting, self._loop = [], None  # the parent process writes the queued lines


POOLS = "dovetail.database.pool"  # SQLAlchemy names the loggers of pools after the modules of their classes

# https://docs.python.org/3/library/logging.config.html#configuration-dictionary-schema; also for a server's log_config.
LOGGING: dict[str, object] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": f"{LineHandler.__module__}.{LineHandler.__name__}"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"uvicorn": {"level": "INFO"}, "dovetail": {"level": "INFO"}, POOLS: {"level": "WARNING"}},
}


def configure_logging(level: str) -> None:
    """Log `dovetail.*` from `level` on, to standard error unless the root logger already has handlers.

    Existing handlers get a filter that sets `request_id`. Calling it again changes nothing.
    """
    root = logging.getLogger()
    if not root.handlers:
        logging.config.dictConfig(LOGGING)
    for handler in root.handlers:
        if not (isinstance(handler, LineHandler) or any(isinstance(one, RequestIdFilter) for one in handler.filters)):
            handler.addFilter(RequestIdFilter())
    logging.getLogger("dovetail").setLevel(level)
    logging.getLogger(POOLS).setLevel("WARNING")
    # It logs a warning for each form that it cannot parse; clients get the error, and could flood the log.
    if (forms := logging.getLogger("python_multipart")).level == logging.NOTSET:
        forms.setLevel("ERROR")
