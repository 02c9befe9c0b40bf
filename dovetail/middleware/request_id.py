"""The id of a request, which is in the response's header, in problem details and in every log record."""

import os
import re
from contextvars import ContextVar

from dovetail.middleware.forks import forget_in_child
from dovetail.middleware.headers import Pair, Values

HEADER = b"x-request-id"
# All that proxies send, and nothing that could forge a log line.
ACCEPTED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=+/@-]{0,127}", re.ASCII)
BATCH = 256  # ids that are drawn by one system call

current_request_id: ContextVar[str | None] = ContextVar("current_request_id", default=None)


class RequestIds:
    """Keeps the id that a proxy sent in `X-Request-ID`, or draws one that nobody can guess."""

    def __init__(self) -> None:
        self._drawn: list[str] = []
        forget_in_child(self._forget)  # or two processes would give the same ids

    def of(self, sent: Values) -> str:
        """Return the id of a request with these headers."""
        if HEADER in sent and ACCEPTED.fullmatch(given := sent[HEADER].decode("latin-1")):
            return given
        try:
            return self._drawn.pop()  # atomic: no two threads get the same
        except IndexError:
            drawn = os.urandom(16 * BATCH).hex()
            self._drawn += [drawn[start : start + 32] for start in range(32, len(drawn), 32)]
            return drawn[:32]

    def _forget(self) -> None:
        self._drawn.clear()


def with_request_id(headers: list[Pair], request_id: str, told: Values) -> list[Pair]:
    """Return the headers of an answer with the id of its request, instead of any other."""
    others = [pair for pair in headers if pair[0] != HEADER] if HEADER in told else headers
    return [*others, (HEADER, request_id.encode())]
