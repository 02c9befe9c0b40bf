"""Twelve clients that ask again and again, every other one on a connection that it keeps."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

CLIENTS = 12
LONGEST_IDLE = 3  # seconds; the server closes idle connections after five
PATIENCE = 100  # seconds for an answer; one that is left waiting takes longer


class Load:
    """What the clients met: how many answers of each status, and how many errors of each kind."""

    def __init__(self, port: int, path: str) -> None:
        self.port, self.path = port, path
        self.answers: Counter[int] = Counter()
        self.errors: Counter[str] = Counter()
        self._ended = threading.Event()

    def run(self, *, keep: bool) -> None:
        """Ask until the end."""
        connection: http.client.HTTPConnection | None = None
        latest = 0.0
        while not self._ended.is_set():
            if connection and time.monotonic() > latest:  # as clients do that know of a server's patience
                connection.close()
                connection = None
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
                connection.request("GET", self.path)
                answer = connection.getresponse()
                answer.read()
                self.answers[answer.status] += 1
                latest = time.monotonic() + LONGEST_IDLE
                if answer.will_close or not keep:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                self.errors[type(error).__name__] += 1
                if connection:
                    connection.close()
                connection = None
                time.sleep(0.05)
        if connection:
            connection.close()

    def wait_for(self, answers: int) -> None:
        """Wait until there are so many more."""
        wanted, deadline = self.answers.total() + answers, time.monotonic() + PATIENCE
        while self.answers.total() < wanted:
            assert time.monotonic() < deadline, self.errors
            time.sleep(0.05)

    def end(self) -> None:
        """Let every client end."""
        self._ended.set()


@contextmanager
def loading(port: int, path: str = "/health/live") -> Iterator[Load]:
    """Have the clients ask until the block ends."""
    load = Load(port, path)
    threads = [threading.Thread(target=load.run, kwargs={"keep": bool(number % 2)}) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.end()
        for thread in threads:
            thread.join()
