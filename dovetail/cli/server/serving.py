"""Serve a site with uvicorn: on a socket that is bound first, so that a taken port is said before anything starts."""

import errno
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import click

from dovetail.registry import Registry
from dovetail.server.listener import inherited_listener, start_anew
from dovetail.settings import Settings

SECONDS_TO_FINISH = 10  # what a request has once the server is told to stop


@dataclass(frozen=True)
class Address:
    """The address at which a server listens."""

    host: str = "127.0.0.1"
    port: int = 8000

    @property
    def url(self) -> str:
        """The address to type into a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"


def parse_address(text: str | None, host: str | None, port: int | None) -> Address:
    """Read `8001`, `0.0.0.0`, `0.0.0.0:8001` or `[::1]:8001`; `host` and `port` win. Raise click.BadParameter."""
    found_host, separator, found_port = (text or "").rpartition(":")
    if text and (text.isdigit() or separator):
        if not found_port.isdigit() or not 0 <= int(found_port) <= 65535:  # noqa: PLR2004 - the highest port there is
            raise click.BadParameter(f"{text!r} is not PORT or HOST:PORT, with a port from 0 to 65535")
        found_host, found = found_host.strip("[]"), int(found_port)
    else:
        found_host, found = text or "", Address.port
    return Address(host or found_host or Address.host, found if port is None else port)


@dataclass(frozen=True)
class Listener:
    """A socket that listens; not ours if systemd goes on to listen on it when we end."""

    socket: socket.socket
    is_ours: bool = True

    def url(self, address: Address) -> str:
        """Return the address at which it listens; `address` was asked for."""
        name = self.socket.getsockname()
        if isinstance(name, str):
            return f"unix:{name}"
        return Address(address.host if self.is_ours else name[0], name[1]).url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def listen(address: Address) -> Listener:
    """Bind and listen, so that the port is ours from now on, or take the socket that was handed to this process.

    Raise click.ClickException in one line.
    """
    if inherited := inherited_listener():
        return Listener(*inherited)
    try:
        family, *_, where = min(socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM))
    except (socket.gaierror, UnicodeError):
        raise click.ClickException(f"cannot listen on {address.host!r}: there is no such host") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen()
    except OSError as error:
        listener.close()
        raise click.ClickException(_why_not(address, error)) from None
    listener.set_inheritable(True)
    return Listener(listener)


def serve(settings: Settings, registry: Registry, listener: Listener, *, reload: bool, workers: int) -> int:
    """Serve `settings.asgi_application` until told to stop; return the exit code."""
    # Imported here, so that finding out that a port is taken does not wait for them.
    import uvicorn

    from dovetail.middleware.logging import LOGGING
    from dovetail.server.protocol import GuardedProtocol
    from dovetail.server.signals import explain_useless_signals
    from dovetail.server.supervisor import Supervisor
    from dovetail.server.uvicorn_private import Reloader, websocket_protocol
    from dovetail.server.worker import GracefulServer, exit_cleanly_on_sigterm

    config = uvicorn.Config(
        settings.asgi_application,
        **_server_options(settings),
        http=GuardedProtocol,
        ws=websocket_protocol,  # type: ignore[arg-type]  # uvicorn calls it, as the class that it expects
        log_config=LOGGING,
        reload=reload,
        reload_dirs=[str(folder) for folder in watched_folders(settings, registry)] if reload else None,
        workers=workers,
    )
    if workers > 1:
        supervisor = Supervisor(config, listener.socket, is_ours=listener.is_ours)
        supervisor.run()
        return supervisor.exit_code
    server = GracefulServer(config, is_alone=listener.is_ours)
    with suppress(KeyboardInterrupt):  # the way a server is meant to end
        if reload:
            Reloader(config, target=server.run, sockets=[listener.socket]).run()
            return 0
        exit_cleanly_on_sigterm()
        explain_useless_signals(is_alone=True)
        server.replace_on_sighup()
        server.run(sockets=[listener.socket])
    if server.kept is not None:
        start_anew(server.kept, is_ours=listener.is_ours)
    return 0 if server.started else 1


def watched_folders(settings: Settings, registry: Registry) -> list[Path]:
    """The site's own packages, and the folders of plugins that live outside of them and of site-packages."""
    base = settings.base_dir.resolve()
    own = [folder for folder in base.iterdir() if (folder / "__init__.py").exists() and folder.name != "tests"]
    paths = [entry.path.resolve() for entry in registry.installed.values()]
    return own + [p for p in paths if base not in p.parents and "site-packages" not in p.parts]


def _why_not(address: Address, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {address.port} on {address.host} is taken; choose another, e.g. --port {address.port + 1}"
    if error.errno == errno.EACCES:
        return f"port {address.port} needs more rights than you have; choose one above 1023, e.g. --port 8000"
    return f"cannot listen on {address.host} port {address.port}: {error.strerror}"


def _server_options(settings: Settings) -> dict[str, Any]:
    return {
        "access_log": False,  # the application writes one of its own, with request ids
        "server_header": False,
        "proxy_headers": False,  # the application does it, under every server
        "lifespan": "on",
        "timeout_graceful_shutdown": SECONDS_TO_FINISH,
        "log_level": "warning" if settings.debug else "info",  # a developer has read who serves what already
    }
