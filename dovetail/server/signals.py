"""Signals whose default ends or suspends a process, although only other servers, or its supervisor, have a use of them.

Whoever signals a whole service (`systemctl kill`, a log rotation) reaches the workers, too.
"""

import logging
import signal
from types import FrameType

logger = logging.getLogger("dovetail.server")
OF_SUPERVISOR = ("SIGHUP", "SIGTTIN", "SIGTTOU")
WITHOUT_USE = {
    "SIGUSR1": "the log is standard error, so there is no file to open anew",
    "SIGUSR2": "SIGHUP loads the code and the settings anew",
}
OF_SEVERAL = dict.fromkeys(("SIGTTIN", "SIGTTOU"), "this is the only worker; --workers 2 starts a supervisor of more")


def explain_useless_signals(*, is_alone: bool) -> None:
    """Log why signals do nothing; `is_alone` is true for the only process of a server."""
    for name, why in (WITHOUT_USE | OF_SEVERAL if is_alone else WITHOUT_USE).items():
        _handle(name, why)


def leave_signals_to_supervisor() -> None:
    """Ignore the signals that the supervisor of this worker handles, or says something about."""
    for name in (*OF_SUPERVISOR, *WITHOUT_USE):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)


def _handle(name: str, why: str) -> None:
    def explain(_signal: int, _frame: FrameType | None) -> None:
        logger.warning("%s does nothing: %s.", name, why)

    if number := getattr(signal, name, None):  # Windows has none of them
        signal.signal(number, explain)
