"""Each part of uvicorn that is leaned on and not documented: these fail when one of them is gone.

That they mean what we take them for is shown by test_protocol.py and test_processes.py, with real servers.
"""

import asyncio
import signal
import socket
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState
from uvicorn.supervisors import ChangeReload
from uvicorn.supervisors.multiprocess import SIGNALS, Multiprocess, Process

from dovetail.server import uvicorn_private
from dovetail.server.protocol import GuardedProtocol
from dovetail.server.supervisor import Supervisor, Worker


@pytest.fixture
def config() -> Config:
    return Config(Starlette(), workers=2)


@pytest.fixture
def own_signals() -> Iterator[None]:
    """A supervisor takes the signals of its process, as soon as it is made."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def missing(owner: object, names: str) -> list[str]:
    return [name for name in names.split() if not hasattr(owner, name)]


def test_a_connection_has_the_callbacks_and_the_attributes_that_ours_overrides_and_reads(config):
    loop = asyncio.new_event_loop()
    protocol = HttpToolsProtocol(config, ServerState(), {}, loop)
    protocol.on_message_begin()
    loop.close()

    assert missing(HttpToolsProtocol, uvicorn_private.HTTP_CALLBACKS) == []
    assert missing(protocol, uvicorn_private.HTTP_ATTRIBUTES) == []
    assert set(uvicorn_private.CYCLE_ATTRIBUTES.split()) <= set(RequestResponseCycle.__init__.__code__.co_names)


def test_uvicorn_itself_calls_each_callback_that_ours_overrides():
    """What nobody calls would be a limit that is not kept."""
    ours = {name for name in vars(GuardedProtocol) if not name.startswith("_")}

    assert ours - {"on_chunk_header"} <= set(uvicorn_private.HTTP_CALLBACKS.split())  # which httptools documents


def test_the_private_methods_of_a_connection_do_what_their_public_names_say(config):
    loop = asyncio.new_event_loop()
    protocol = uvicorn_private.HttpProtocol(config, ServerState(), {}, loop)
    protocol.on_message_begin()
    loop.close()

    assert not protocol.is_websocket()
    protocol.headers += [(b"connection", b"keep-alive, Upgrade"), (b"upgrade", b"WebSocket")]
    assert protocol.is_websocket()


def test_a_renewed_parser_parses_another_request_as_leniently_as_that_of_uvicorn(config):
    loop = asyncio.new_event_loop()
    protocol = uvicorn_private.HttpProtocol(config, ServerState(), {}, loop)
    loop.close()
    protocol.on_headers_complete = protocol.on_message_complete = lambda: None
    for path in (b"/one", b"/two"):
        protocol.renew_parser()
        protocol.parser.feed_data(b"GET %s HTTP/1.1\r\nConnection: close\r\n\r\nwhat follows" % path)
        assert protocol.url == path


def test_a_worker_is_served_by_the_server_that_its_class_makes_and_makes_it_once(config):
    class Own(Server):
        pass

    class OwnWorker(uvicorn_private.WorkerProcess):
        def make_server(self) -> Server:
            return Own(self.config)

    worker = OwnWorker(config, [])

    assert isinstance(worker.server, Own)
    assert worker.server is worker.server
    assert missing(Process, uvicorn_private.WORKER_METHODS) == []
    assert missing(worker, uvicorn_private.WORKER_ATTRIBUTES) == []
    assert issubclass(Worker, Process)


@pytest.mark.usefixtures("own_signals")
def test_a_supervisor_and_a_server_have_what_ours_override_and_read(config):
    with socket.socket() as listener:
        supervisor = Multiprocess(config, [listener])

    assert missing(supervisor, uvicorn_private.SUPERVISOR_ATTRIBUTES) == []
    assert {name for name in vars(Supervisor) if not name.startswith("_")} <= {
        *uvicorn_private.SUPERVISOR_METHODS.split()
    }
    assert missing(Multiprocess, uvicorn_private.SUPERVISOR_METHODS) == []
    assert missing(Server(config), uvicorn_private.SERVER_ATTRIBUTES) == []
    assert uvicorn_private.Reloader is ChangeReload
