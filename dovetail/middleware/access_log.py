"""The access log: one line for each request, on the logger `dovetail.access`."""

import logging
import re
from asyncio import current_task
from threading import get_ident
from time import perf_counter, time
from urllib.parse import quote

from starlette.types import Scope

from dovetail.middleware.forks import forget_in_child
from dovetail.middleware.logging import LineHandler
from dovetail.middleware.request_id import current_request_id

LINE = "%s %s %d %.1f ms"
HARMLESS = re.compile(r"[A-Za-z0-9._~/-]*", re.ASCII)  # characters that quote() does not change
ACCESS = "dovetail.access"
logger = logging.getLogger(ACCESS)
OURS, ROOT = logging.getLogger("dovetail"), logging.getLogger()  # the parents of `logger`


class AccessLog:
    """Logs the method, path, status and duration of each request, but never its query, which may contain secrets."""

    def __init__(self) -> None:
        self._first: logging.LogRecord | None = None
        forget_in_child(self._forget)

    def write(self, scope: Scope, status: int, started: float) -> None:
        """Log a request that arrived at `started` (perf_counter()); the status is 0 if no response was started."""
        if logger.isEnabledFor(logging.INFO):
            milliseconds = (perf_counter() - started) * 1000
            path = scope["path"]
            if not HARMLESS.fullmatch(path):  # a line feed, for instance, could forge a log line
                path = quote(path)
            values = (scope["method"], path, status, milliseconds)
            handler = _only_handler()
            if handler is None:
                logger.handle(self._record(values))
            else:  # only our handler would receive a record, and building one costs more than formatting the line
                request_id = current_request_id.get() or "-"
                handler.write_soon(handler.lines.line(time(), "INFO", ACCESS, request_id, LINE % values))

    def _record(self, values: tuple[object, ...]) -> logging.LogRecord:
        # logger.info() would inspect the stack for its caller, which is always this file, and each record would look up
        # its file, process and thread, which costs more than the rest of the line. So these are looked up only once.
        if logging.getLogRecordFactory() is not logging.LogRecord:
            return _make_record(values)  # the site has a record factory of its own
        if self._first is None or self._first.thread != get_ident():
            self._first = _make_record(())
        return _CopiedRecord(self._first, values)

    def _forget(self) -> None:
        self._first = None  # it has the process id of the parent


class _CopiedRecord(logging.LogRecord):
    """A record copied from another, with its own arguments and time."""

    def __init__(self, first: logging.LogRecord, args: tuple[object, ...]) -> None:
        self.__dict__ = values = first.__dict__.copy()
        values["args"] = args
        values["created"] = created = time()
        values["msecs"] = created % 1 * 1000
        values["relativeCreated"] += (created - first.created) * 1000
        if values.get("taskName") is not None:  # exists since Python 3.12
            task = current_task()
            values["taskName"] = task.get_name() if task else None


def _only_handler() -> LineHandler | None:
    """Return the only handler that would receive a record, if it is ours and unchanged; otherwise None."""
    if logger.filters or logger.handlers or OURS.handlers or not (logger.propagate and OURS.propagate):
        return None
    if len(ROOT.handlers) != 1 or logging.getLogRecordFactory() is not logging.LogRecord:
        return None
    handler = ROOT.handlers[0]
    return handler if isinstance(handler, LineHandler) and handler.is_plain() else None


def _make_record(values: tuple[object, ...]) -> logging.LogRecord:
    return logger.makeRecord(logger.name, logging.INFO, __file__, 0, LINE, values, None)
