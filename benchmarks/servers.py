"""The contestants, and how each is served: by uvicorn with one worker, as its documentation says for production."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.request import urlopen

from benchmarks.machine import Cores, plain_url
from config.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SECRET = "a-secret-for-benchmarks-only-0123456789"  # noqa: S105 - it guards nothing
PATIENCE = 120  # seconds for a server to start or to stop
LONG_PAGES = "benchmarks.contestants.long_pages"


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One way to serve the blog."""

    name: str
    title: str
    app: str
    variables: Mapping[str, str] = field(default_factory=dict)
    pages: str | None = "/api/posts"  # the list that gives pages of up to 500
    cursors: str | None = None  # the first page by cursor, with {size} for how many it holds
    has_more: bool = False  # more than W1 to W5: what those who bring a token ask for, and W7 to W9
    is_dovetail: bool = False
    folder: Path = ROOT  # the checkout it is served from


@dataclass(frozen=True)
class Server:
    """A contestant that listens."""

    contestant: Contestant
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path
    url: str  # of its database
    number: int  # among the servers that run at a time

    def end_of_log(self) -> str:
        """What it said last."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]


def dovetail(name: str = "dovetail", app: str = "config.asgi:app", **variables: str) -> Contestant:
    """This site with its own plugins; with one that gives longer pages, since its own stop at 100."""
    plugins = json.dumps([*Settings.model_fields["plugins"].default, LONG_PAGES])
    return Contestant(
        name=name,
        title="**Dovetail**",
        app=app,
        variables={"ENVIRONMENT": "production", "SECRET_KEY": SECRET, "PLUGINS": plugins, **variables},
        pages="/api/long-posts",
        cursors="/api/posts?cursor=&limit={size}",
        has_more=True,
        is_dovetail=True,
    )


def beside(folder: Path, url: str) -> Contestant:
    """The site of another checkout of this repository, as it is, on a database that it has migrated itself."""
    variables = {"ENVIRONMENT": "production", "SECRET_KEY": SECRET, "DATABASE_URL": plain_url(url)}
    site = dovetail(f"beside {folder.name}")
    return replace(site, title=f"Dovetail of {folder.name}", variables=variables, pages=None, folder=folder)


def python_of(folder: Path) -> str:
    """The Python of a checkout; this one, if it has none of its own."""
    own = folder / ".venv" / "bin" / "python"
    return str(own) if folder != ROOT and own.exists() else sys.executable


def migrate(url: str, folder: Path = ROOT) -> None:
    """Migrate an empty database as a checkout wants it. Raises RuntimeError if it cannot."""
    environment = os.environ | {"DATABASE_URL": plain_url(url), "ENVIRONMENT": "test", "SECRET_KEY": SECRET}
    command = [python_of(folder), "manage.py", "migrate"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise RuntimeError(f"{folder} cannot migrate a database: {done.stdout}{done.stderr}")


def _django(name: str, title: str, size: str) -> Contestant:
    package = "benchmarks.contestants.django_blog"
    return Contestant(
        name=name,
        title=title,
        app=f"{package}.asgi:app",
        variables={
            "DJANGO_SETTINGS_MODULE": f"{package}.settings",
            "BENCHMARK_URLS": f"benchmarks.contestants.{name}",
        },
        cursors=f"/api/posts-by-cursor?{size}={{size}}",
    )


CONTESTANTS = (
    Contestant(
        name="raw",
        title="raw ASGI + asyncpg",
        app="benchmarks.contestants.raw:app",
        cursors="/api/posts?cursor=infinity~0&limit={size}",
        has_more=True,
    ),
    dovetail(),
    Contestant(
        name="tutorial",
        title="FastAPI + SQLAlchemy ORM",
        app="benchmarks.contestants.tutorial:app",
        cursors="/api/posts?cursor=&limit={size}",
        has_more=True,
    ),
    _django("django_ninja", "Django + ninja", "page_size"),
    _django("django_rest_framework", "Django + REST framework", "limit"),
)


@contextmanager
def serve(contestants: tuple[Contestant, ...], url: str, folder: Path, cores: Cores) -> Iterator[tuple[Server, ...]]:
    """Start all of them, each on the server's core, and stop them in the end; their logs go to files in `folder`.

    Raises RuntimeError, with the end of its log, for one that does not start.
    """
    servers: list[Server] = []
    try:
        for number, contestant in enumerate(contestants):
            servers += [_start(contestant, url, folder / f"{contestant.name}.log", cores, number)]
        for server in servers:
            _wait(server)
        yield tuple(servers)
    finally:
        for server in servers:
            server.process.terminate()
        for server in servers:
            server.process.wait(PATIENCE)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(contestant: Contestant, url: str, log: Path, cores: Cores, number: int) -> Server:
    port, python = free_port(), python_of(contestant.folder)
    environment = os.environ | {"DATABASE_URL": plain_url(url)} | dict(contestant.variables)
    command = [python, "-m", "uvicorn", contestant.app, "--port", str(port), "--no-access-log"]
    command += ["--no-server-header", "--log-level", "warning"]
    if contestant.is_dovetail:  # as an operator does it: the access log and the rest of it are the site's own
        command = [python, "manage.py", "runserver", f"127.0.0.1:{port}", "--workers", "1", "--no-reload"]
        environment["ASGI_APPLICATION"] = contestant.app
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=contestant.folder, env=environment, stdout=output, stderr=output)  # noqa: S603 - our own
    if cores.server is not None:
        os.sched_setaffinity(process.pid, {cores.server})  # before it has started a thread
    return Server(contestant, port, process, log, environment["DATABASE_URL"], number)


def _wait(server: Server) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.process.poll() is None:
        with suppress(OSError):  # it listens before it can answer, or does neither yet
            urlopen(f"http://127.0.0.1:{server.port}/health/live", timeout=PATIENCE).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"{server.contestant.name} did not start:\n{server.end_of_log()}")
