"""Write logs of one line a record, each with the id of the request it belongs to."""

import asyncio
import logging
import logging.config
from typing import TextIO

from dovetail.middleware.access_log import ACCESS
from dovetail.middleware.forks import forget_in_child
from dovetail.middleware.request_id import current_request_id


class RequestIdFilter(logging.Filter):
    """Gives each record the attribute `request_id`, "-" outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.request_id = current_request_id.get() or "-"
        return True


class LineFormatter(logging.Formatter):
    """Formats a record as time, level, logger, request and message, and makes the text of each second once."""

    def __init__(self) -> None:
        super().__init__()
        self._second, self._text = -1, ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with a traceback below it if there is one."""
        has_more = record.exc_info or record.exc_text or record.stack_info
        message = super().format(record) if has_more else record.getMessage()
        second = int(record.created)
        if second != self._second:
            self._second, self._text = second, self.formatTime(record, "%Y-%m-%d %H:%M:%S")
        time, request_id = f"{self._text},{int(record.msecs):03d}", getattr(record, "request_id", "-")
        return f"{time} {record.levelname} {record.name} [{request_id}] {message}"


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes lines to standard error; those of the access log that come in one turn of the event loop, together.

    Each write is a call of the system, which costs as much as the rest of a line. Anything else is written at once, and
    before it the lines that wait, so that what was said before a process hangs or dies can be read.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # which will write what waits
        forget_in_child(self._forget)

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record that no filter holds back, with the id of its request."""
        record.request_id = current_request_id.get() or "-"
        if self.filters or self.lock is None:
            return bool(super().handle(record))
        with self.lock:
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or let it wait for the others of this turn."""
        try:
            self._waiting.append(self.format(record))
            loop = _running_loop() if record.name == ACCESS else None
            if loop is None:
                self.flush()
            elif loop is not self._loop:
                self._loop = loop
                loop.call_soon(self.flush)
        except Exception:  # noqa: BLE001 - it says so itself
            self.handleError(record)

    def flush(self) -> None:
        """Write what waits."""
        self.acquire()
        try:
            waiting, self._waiting, self._loop = self._waiting, [], None
            if waiting:
                self.stream.write("\n".join([*waiting, ""]))
            super().flush()
        finally:
            self.release()

    def _forget(self) -> None:
        self._waiting, self._loop = [], None  # the parent writes it


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


POOLS = "dovetail.database.pool"  # SQLAlchemy's own loggers of pools, which it names after the modules of their classes

# https://docs.python.org/3/library/logging.config.html#configuration-dictionary-schema; also for a server's log_config.
LOGGING: dict[str, object] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"{LineFormatter.__module__}.{LineFormatter.__name__}"}},
    "handlers": {
        "stderr": {"class": f"{LineHandler.__module__}.{LineHandler.__name__}", "formatter": "line"},
    },
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"uvicorn": {"level": "INFO"}, "dovetail": {"level": "INFO"}, POOLS: {"level": "WARNING"}},
}


def configure_logging(level: str) -> None:
    """Log `dovetail.*` from `level` on; to standard error, unless somebody set up the root logger before.

    Handlers that are already there gain the attribute `request_id`. Doing it twice changes nothing.
    """
    root = logging.getLogger()
    if not root.handlers:
        logging.config.dictConfig(LOGGING)
    for handler in root.handlers:
        if not (isinstance(handler, LineHandler) or any(isinstance(one, RequestIdFilter) for one in handler.filters)):
            handler.addFilter(RequestIdFilter())
    logging.getLogger("dovetail").setLevel(level)
    logging.getLogger(POOLS).setLevel("WARNING")
    # It warns of every form that it cannot read; that is answered, and a stranger would fill the log.
    if (forms := logging.getLogger("python_multipart")).level == logging.NOTSET:
        forms.setLevel("ERROR")
