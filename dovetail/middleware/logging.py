"""Write logs of one line a record, each with the id of the request it belongs to."""

import logging
import logging.config

from dovetail.middleware.request_id import current_request_id


class RequestIdFilter(logging.Filter):
    """Gives each record the attribute `request_id`, "-" outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.request_id = current_request_id.get() or "-"
        return True


class LineFormatter(logging.Formatter):
    """Formats the time once a second: the same text would be made anew for each of thousands of lines."""

    def __init__(self, format: str) -> None:  # noqa: A002 - as the configuration calls it
        super().__init__(format)
        self._second, self._text = -1, ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        """The local time with milliseconds."""
        second = int(record.created)
        if second != self._second:
            self._second, self._text = second, super().formatTime(record, datefmt)[: -len(",000")]
        return f"{self._text},{int(record.msecs):03d}"


POOLS = "dovetail.database.pool"  # SQLAlchemy's own loggers of pools, which it names after the modules of their classes

# https://docs.python.org/3/library/logging.config.html#configuration-dictionary-schema; also for a server's log_config.
LOGGING: dict[str, object] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": f"{RequestIdFilter.__module__}.{RequestIdFilter.__name__}"}},
    "formatters": {
        "line": {
            "()": f"{LineFormatter.__module__}.{LineFormatter.__name__}",
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
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
        if not any(isinstance(found, RequestIdFilter) for found in handler.filters):
            handler.addFilter(RequestIdFilter())
    logging.getLogger("dovetail").setLevel(level)
    logging.getLogger(POOLS).setLevel("WARNING")
    # It warns of every form that it cannot read; that is answered, and a stranger would fill the log.
    if (forms := logging.getLogger("python_multipart")).level == logging.NOTSET:
        forms.setLevel("ERROR")
