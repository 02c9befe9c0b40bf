"""A client that hangs up costs one quiet line, wherever it does."""

import asyncio
import socket
import struct
import time
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import insert
from starlette.applications import Starlette
from starlette.routing import Mount

from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.contrib.auth.sessions.models import SessionKind
from dovetail.contrib.auth.testing import new_token
from plugins.blog.models import Tag
from tests.running import SECRET, free_port, manage, serving, wait_until
from tests.server.client import PATIENCE
from tests.server.running import running

HOST = b"Host: localhost\r\nOrigin: http://localhost\r\n"
FORM = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data; boundary=x"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def get(path: bytes, headers: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n"


def half(method: bytes, path: bytes, kind: bytes, body: bytes) -> bytes:
    """A request that announces more than it brings."""
    return (
        method
        + b" "
        + path
        + b" HTTP/1.1\r\n"
        + HOST
        + b"Content-Type: "
        + kind
        + b"\r\nContent-Length: 500\r\n\r\n"
        + body
    )


PART = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nab'
JSON = b"application/json"
REQUESTS = [
    b"GET / HTTP/1.1\r\nHo",
    half(b"POST", b"/api/posts", JSON, b'{"title": "a'),
    half(b"PATCH", b"/api/posts/1", JSON, b'{"title": "a'),
    b"POST /api/posts HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"tit\r\n',
    half(b"POST", b"/api/posts", b"text/plain", b"abc"),
    half(b"POST", b"/api/auth/login", FORM, b"username=a"),
    half(b"POST", b"/api/auth/login", MULTIPART, PART),
    half(b"POST", b"/admin/login", FORM, b"username=a"),
    half(b"POST", b"/admin/login", MULTIPART, PART),
    half(b"POST", b"/admin/blog/post/add/", MULTIPART, PART),
    half(b"POST", b"/raw", b"application/octet-stream", b"abc"),
    half(b"POST", b"/stream", b"application/octet-stream", b"abc"),
    half(b"POST", b"/echo", b"application/octet-stream", b"abc"),
    get(b"/api/posts"),
    get(b"/openapi.json"),
    get(b"/admin/login"),
    get(b"/admin/statics/css/main.css"),
    get(b"/ticks"),
    get(b"/socket", UPGRADE),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{folder}/site.sqlite3"
    assert manage("migrate", DATABASE_URL=url).code == 0
    port, log = free_port(), folder / "log"
    production = {"ENVIRONMENT": "production", "SECRET_KEY": SECRET, "DATABASE_URL": url}
    site = {**production, "ASGI_APPLICATION": "tests.server.site:app"}
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--workers", "1", port=port, output=output, **site),
    ):
        yield port, log


def hang_up(port: int, sent: bytes, *, at_once: bool, by_reset: bool) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        if by_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if not at_once:
            time.sleep(0.05)


def wait_for_silence(log: Path) -> str:
    size = -1
    while size != log.stat().st_size:
        size = log.stat().st_size
        time.sleep(0.3)
    return log.read_text()


def tells(log: Path, since: int, line: str) -> bool:
    return line in log.read_text()[since:]


def test_a_client_that_hangs_up_costs_a_quiet_line_and_no_traceback_wherever_it_does(served):
    port, log = served
    before = len(wait_for_silence(log))
    for sent, at_once, by_reset in product(REQUESTS, (True, False), (True, False)):
        hang_up(port, sent, at_once=at_once, by_reset=by_reset)
    lines = wait_for_silence(log)[before:].splitlines()
    assert [line for line in lines if " INFO " not in line or " 500 " in line] == []
    of_websockets = [line for line in lines if "WebSocket" in line or " connection " in line]  # uvicorn's own
    assert len(lines) - len(of_websockets) <= 4 * len(REQUESTS)


async def test_an_endless_answer_ends_when_its_client_hangs_up_though_another_request_waits_behind_it():
    told = asyncio.Event()

    async def stream(_scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
            await asyncio.sleep(0)
        told.set()

    async with running(Starlette(routes=[Mount("/", stream)]), patience=1) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(get(b"/") * 2)
        await reader.readexactly(1_000_000)
        writer.transport.abort()
        await asyncio.wait_for(told.wait(), PATIENCE)


def test_a_server_speaks_websocket(served):
    port, _log = served
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(get(b"/socket", UPGRADE))

        assert connection.recv(4_096).startswith(b"HTTP/1.1 101 ")


def test_what_a_client_hung_up_on_is_logged_as_499(served):
    port, log = served
    for path in (b"/api/posts", b"/admin/login", b"/raw", b"/stream"):
        before = len(wait_for_silence(log))
        hang_up(port, half(b"POST", path, FORM, b"a=b"), at_once=False, by_reset=False)
        line = f"POST {path.decode()} 499 "
        wait_until(partial(tells, log, before, line), "a line of the log")
        assert log.read_text()[before:].count(line) == 1


async def test_an_export_on_which_everybody_hangs_up_leaves_its_connections_in_order(
    database, make_user, database_url, tmp_path
):
    boss = await make_user(username="boss", is_superuser=True)
    async with database.unit_of_work() as session:
        await session.execute(insert(Tag), [{"name": f"tag{number}"} for number in range(5_000)])
        key = await new_token(session, boss.id, kind=SessionKind.OFFICE)
    cookie = f"Cookie: {Cookies(SecretStr(SECRET), secure=False).session}={key}\r\n".encode()
    port, log = free_port(), tmp_path / "log"
    variables = {
        "DATABASE_URL": database_url,
        "DATABASE_POOL_SIZE": "2",
        "DATABASE_POOL_TIMEOUT": "60",
        "SECRET_KEY": SECRET,
    }
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--no-reload", port=port, output=output, **variables),
    ):
        for number in range(20):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(get(b"/admin/blog/tag/export/csv/", cookie))
                assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
                await asyncio.sleep(number / 200)  # in another moment of the export each time
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(get(b"/admin/blog/tag/export/csv/", cookie + b"Connection: close\r\n"))
            whole = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert whole.count(b"tag") >= 5_000
        lines = wait_for_silence(log).splitlines()
    assert [line for line in lines if "ERROR" in line or "WARNING" in line or "Traceback" in line] == []
