"""No request stands within another: where it ends is the same to us and to any proxy, or it is refused."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.server.client import PATIENCE, Client
from tests.server.running import running

HOST = b"Host: a\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
POST = b"POST / HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BEHIND = b"GET /behind HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: "
HANDSHAKE = UPGRADE + b"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

# Everything behind these is refused together with them.
AMBIGUOUS = {
    "a length and chunks": POST + b"Content-Length: 6\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks and a length": POST + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "a list of lengths": POST + b"Content-Length: 0, 0\r\n\r\n",
    "a length with a sign": POST + b"Content-Length: +0\r\n\r\n",
    "a length in hexadecimal": POST + b"Content-Length: 0x0\r\n\r\n",
    "a length beyond 64 bits": POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "a coding that is none": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks and no coding": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two codings": POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "a coding behind a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a coding in a folded line": POST + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n",
    "a line that ends with a line feed": POST + b"X: a\nContent-Length: 0\r\n\r\n",
    "a line that ends with a carriage return": POST + b"X: a\rContent-Length: 0\r\n\r\n",
    "a chunk with a sign": POST + CHUNKED + b"\r\n-1\r\n\r\n",
    "a chunk in 0x": POST + CHUNKED + b"\r\n0x0\r\n\r\n",
    "a chunk beyond 64 bits": POST + CHUNKED + b"\r\nfffffffffffffffff\r\n\r\n",
    "a chunk that is longer than it says": POST + CHUNKED + b"\r\n1\r\nabc\r\n0\r\n\r\n",
    "a line feed within a chunk extension": POST + CHUNKED + b"\r\n0;a\nb\r\n\r\n",
    "a length in a trailer": POST + CHUNKED + b"\r\n0\r\nContent-Length: 5\r\n\r\n",
    "a control character": GET + b"X: a\x00b\r\n\r\n",
    "an address of another host": b"GET http://b/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address of another scheme": b"GET ftp://a/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address and two hosts": b"GET http://a/ HTTP/1.1\r\n" + HOST + b"Host: b\r\n\r\n",
    "a tunnel": b"CONNECT a:443 HTTP/1.1\r\n" + HOST + b"\r\n",
}
UNKNOWN_CODING = POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
# What is behind these is a request of its own.
CLEAR = {
    "a length": POST + b"Content-Length: 5\r\n\r\nabcde",
    "chunks": POST + b"Transfer-Encoding: Chunked\r\n\r\n5;a=b\r\nabcde\r\n0\r\nX: a\r\n\r\n",
    "a body of a GET": GET + b"Content-Length: 5\r\n\r\nabcde",
    "the address of the host": b"GET HTTP://A/?b=c HTTP/1.1\r\n" + HOST + b"\r\n",
    "an upgrade that nobody offers": GET + UPGRADE + b"h2c\r\n\r\n",
    "an upgrade with a body": POST + UPGRADE + b"h2c\r\nContent-Length: 5\r\n\r\nabcde",
}


async def answer(request: Request) -> Response:
    return PlainTextResponse(f"{request.url.path} {len(await request.body())}")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    routes = [Route("/{path:path}", answer, methods=["GET", "POST"]), WebSocketRoute("/", socket)]
    async with running(Starlette(routes=routes), request_head_timeout=PATIENCE) as client:
        yield client


def statuses(said: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d+) ", said)


async def test_a_request_whose_end_is_ambiguous_is_refused_with_all_that_follows(client):
    for name, request in AMBIGUOUS.items():
        assert statuses(await client.send(request + BEHIND)) == [b"400"], name
    assert statuses(await client.send(UNKNOWN_CODING + BEHIND)) == [b"501"]


async def test_a_request_behind_one_whose_end_is_clear_is_answered_too(client):
    for name, request in CLEAR.items():
        said = await client.send(request + BEHIND)
        assert statuses(said) == [b"200", b"200"], name
        assert b"/behind 0" in said, name
    connection = await client.connect()
    for part in (
        POST + UPGRADE + b"h2c\r\n",
        b"Content-Length: 49\r\n\r\n",
        b"GET /within",
        b" HTTP/1.1\r\n" * 3,
        b"abcde",
    ):
        await connection.send(part)
        await asyncio.sleep(0.05)  # a packet each
    assert b"/ 49" in await connection.answer()
    connection.close()
    assert statuses(await client.send(CLEAR["an upgrade that nobody offers"] * 50 + BEHIND)) == [b"200"] * 51


@pytest.mark.parametrize(
    "request_",
    [
        POST + HANDSHAKE + b"Content-Length: 5\r\n\r\nabcde",
        GET + HANDSHAKE + b"Content-Length: 5\r\n\r\nabcde",
        GET + HANDSHAKE + b"X: " + b"a" * 9000 + b"\r\n\r\n",  # more than websockets takes
    ],
    ids=["POST", "a body", "a long header"],
)
async def test_a_request_that_opens_no_websocket_is_refused_and_not_kept_for_ever(client, request_):
    assert statuses(await client.send(request_))[:1] == [b"400"]
