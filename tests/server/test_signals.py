"""Signals to a supervisor: what each of them means, before it is done."""

import signal
import socket
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from uvicorn import Config
from uvicorn.supervisors.multiprocess import SIGNALS

from dovetail.server.signals import WITHOUT_USE
from dovetail.server.supervisor import Supervisor


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    """A supervisor without workers; it takes the signals of its process as soon as it is made."""
    numbers = [*SIGNALS, *(getattr(signal, name) for name in WITHOUT_USE)]
    before = {number: signal.getsignal(number) for number in numbers}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Supervisor(Config(Starlette(), workers=2), listener, is_ours=True)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_many_restarts_that_are_asked_for_at_once_are_one_and_each_worker_more_is_one_more(supervisor, caplog):
    for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGHUP, signal.SIGTTIN, signal.SIGHUP, signal.SIGUSR1):
        signal.raise_signal(number)

    assert supervisor.signal_queue == [signal.SIGHUP, signal.SIGTTIN, signal.SIGTTIN]
    assert "SIGUSR1 does nothing" in caplog.text
