"""What a client may send before anything is done for it, on real connections."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.server.client import PATIENCE, Client
from tests.server.running import running

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /body HTTP/1.1\r\nHost: a\r\n"
LIMIT = 65_536


async def home(request: Request) -> Response:
    return PlainTextResponse(",".join(name for name, _ in request.headers.items() if name.startswith("x-")) or "ok")


async def body(request: Request) -> Response:
    try:
        return PlainTextResponse(str(len(await request.body())))
    except ClientDisconnect:
        request.app.state.hung_up.set()
        raise


async def slow(request: Request) -> Response:
    await asyncio.sleep(1.2)
    return PlainTextResponse(str(len(await request.body())))


async def early(_request: Request) -> Response:
    return PlainTextResponse("no thanks")


async def endless(_request: Request) -> Response:
    async def much() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"x" * 65_536

    return StreamingResponse(much())


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


@pytest.fixture
def app() -> Starlette:
    routes = [
        Route("/", home, methods=["GET", "POST"]),
        *(Route(f"/{one.__name__}", one, methods=["GET", "POST"]) for one in (body, slow, early, endless)),
        WebSocketRoute("/socket", socket),
    ]
    app = Starlette(routes=routes)
    app.state.hung_up = asyncio.Event()
    return app


@pytest.fixture
async def client(app) -> AsyncIterator[Client]:
    """A server that waits longer than any machine makes it wait."""
    async with running(app, request_head_timeout=PATIENCE, request_body_timeout=PATIENCE) as client:
        yield client


@pytest.fixture
async def strict(app) -> AsyncIterator[Client]:
    """A server that gives a head half a second, and a body too."""
    async with running(app, request_head_timeout=0.5, request_body_timeout=0.5) as client:
        yield client


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def problem(answer: bytes) -> dict[str, object]:
    head, _, content = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json\r\n" in head
    assert b"connection: close\r\n" in head + b"\r\n"
    found: dict[str, object] = json.loads(content)
    assert found["status"] == status(answer)
    return found


def head_of(size: int) -> bytes:
    """A request whose target and headers have `size` bytes in all, as the limit counts them."""
    fixed = len("/") + len("Host: a\r\n") + len("Connection: close\r\n") + len("X-A: \r\n")
    return GET + b"Connection: close\r\nX-A: " + b"a" * (size - fixed) + b"\r\n\r\n"


async def test_a_head_may_have_64_kilobytes_and_not_a_byte_more(client):
    assert status(await client.send(head_of(LIMIT))) == 200
    answer = await client.send(head_of(LIMIT + 1))
    assert status(answer) == 431
    assert problem(answer)["type"] == "urn:dovetail:problem:request-header-fields-too-large"


async def test_a_head_that_comes_in_pieces_has_the_same_limit(client):
    for size, expected in ((LIMIT, 200), (LIMIT + 1, 431)):
        sent = head_of(size)
        pieces = [sent[at : at + 5_000] for at in range(0, len(sent), 5_000)]
        assert status(await client.send(*pieces)) == expected


async def test_a_head_may_have_a_hundred_headers_and_not_one_more(client):
    for count, expected in ((100, 200), (101, 431)):
        headers = b"".join(b"X-%d: a\r\n" % number for number in range(count - 2))
        assert status(await client.send(GET + b"Connection: close\r\n" + headers + b"\r\n")) == expected


async def test_what_has_no_end_is_cut_at_the_limit_and_not_gathered(client):
    for beginning in (GET + b"X-A: ", GET + b"X", b"GET /", b"\r\n\r\n"):
        connection = await client.connect()
        sent = 0
        while not connection.reader.at_eof() and sent < 20_000_000:
            connection.writer.write((b"\r\n" if beginning.isspace() else b"aa") * 32_768 if sent else beginning)
            sent += 65_536
            try:
                async with asyncio.timeout(0.01):
                    await connection.writer.drain()
                    await connection.reader.read(65_536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
        connection.close()
        assert sent < 2_000_000


async def test_a_large_head_behind_another_request_is_refused_after_that_was_answered(client):
    answers = await client.send(GET + b"\r\n" + head_of(200_000))
    assert answers.count(b"HTTP/1.1") == 1
    assert status(answers) == 200


async def test_a_head_that_does_not_come_to_its_end_is_answered_408(strict):
    started = time.monotonic()
    answer = await strict.send(GET + b"X-A: ")
    assert time.monotonic() - started >= 0.5
    assert problem(answer)["detail"] == "The head of the request did not come within 0.5 seconds."


@pytest.mark.parametrize("drop", [b"a", b"\r\n"])
async def test_a_head_that_comes_drop_by_drop_is_cut_too(strict, drop):
    connection = await strict.connect()
    await connection.send(GET + b"X-A: a" if drop == b"a" else drop)
    for _ in range(100):
        await connection.send(drop)
        await asyncio.sleep(0.1)
        if connection.reader.at_eof() or connection.reader._buffer:
            break
    answer = await connection.rest()
    assert status(answer) == 408
    connection.close()


async def test_the_second_head_on_a_connection_has_its_deadline_too(strict):
    connection = await strict.connect()
    await connection.send(GET + b"\r\n")
    assert status(await connection.answer()) == 200
    await connection.send(GET)
    assert status(await connection.rest()) == 408
    connection.close()


async def test_a_connection_on_which_nothing_is_asked_is_closed_without_a_word(strict):
    assert await strict.send() == b""


async def test_a_connection_that_was_answered_waits_for_the_next_request_and_no_longer_than_uvicorn_says(strict):
    strict.server.config.timeout_keep_alive = 3
    early = b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
    for asked, later in ((GET + b"\r\n", b""), (early, b"body")):
        connection = await strict.connect()
        started = time.monotonic()
        for _ in range(2):
            await connection.send(asked)
            assert status(await connection.answer()) == 200
            await connection.send(later)
            await asyncio.sleep(0.7)  # longer than a head may take, and no head has begun
        assert await connection.rest() == b""
        assert time.monotonic() - started >= 3.7
        connection.close()


async def test_a_body_that_stalls_is_answered_408_and_its_endpoint_is_told(strict):
    answer = await strict.send(POST + b"Content-Length: 10\r\n\r\nabc")
    assert problem(answer)["detail"] == "The body of the request did not come within 0.5 seconds."
    async with asyncio.timeout(PATIENCE):
        await strict.app.state.hung_up.wait()


async def test_a_body_that_comes_drop_by_drop_is_cut(strict):
    connection = await strict.connect()
    await connection.send(POST + b"Content-Length: 1000\r\n\r\n")
    for _ in range(100):
        await connection.send(b"a")
        await asyncio.sleep(0.1)
        if connection.reader._buffer:
            break
    assert status(await connection.rest()) == 408
    connection.close()


async def test_a_body_that_comes_steadily_has_the_time_it_needs(strict):
    connection = await strict.connect()
    await connection.send(POST + b"Content-Length: %d\r\n\r\n" % (8 * 65_536))
    for _ in range(8):  # each of which gives it four seconds more
        await connection.send(b"a" * 65_536)
        await asyncio.sleep(0.1)
    assert (await connection.answer()).endswith(b"\r\n\r\n524288")
    connection.close()


async def test_a_client_is_not_blamed_for_what_the_server_does_not_read(strict):
    size = 1_000_000
    sent = b"POST /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size + b"a" * size
    assert (await strict.send(sent)).endswith(b"\r\n\r\n1000000")


async def test_a_client_that_waits_to_be_told_to_continue_is_not_late(strict):
    connection = await strict.connect()
    await connection.send(b"POST /slow HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert (await connection.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")  # after 1.2 seconds
    await connection.send(b"abc")
    assert (await connection.answer()).endswith(b"\r\n\r\n3")
    connection.close()


async def test_a_body_that_goes_on_after_its_request_was_answered_is_cut(strict):
    connection = await strict.connect()
    await connection.send(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
    assert status(await connection.answer()) == 200
    for _ in range(100):
        await connection.send(b"a")
        await asyncio.sleep(0.1)
        if connection.reader._buffer or connection.reader.at_eof():
            break
    assert status(await connection.rest()) == 408
    connection.close()


async def test_a_client_that_takes_nothing_of_its_answer_is_cut(strict):
    connection = await strict.connect()
    connection.writer.transport.pause_reading()
    await connection.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(PATIENCE):
        await asyncio.sleep(0.5)
        while strict.server.server_state.connections:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.1)
    assert not strict.server.server_state.connections
    connection.close()


async def test_trailers_are_not_taken_for_headers_and_have_the_limit_of_a_head(client):
    chunked = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    assert (await client.send(chunked + b"X-Forged: a\r\n\r\n")).endswith(b"\r\n\r\nok")
    endless = [b"a" * 50_000] * 8
    for sent in (chunked.replace(b" /", b" /body", 1) + b"X-A: ", POST + b"Transfer-Encoding: chunked\r\n\r\n1;a="):
        assert status(await client.send(sent, *endless)) == 431


async def test_requests_that_wait_behind_each_other_are_answered_in_their_order(client):
    targets = [b"/slow", b"/early", b"/"]
    answers = await client.send(
        *(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % one for one in targets), GET + b"Connection: close\r\n\r\n"
    )
    assert [one.rpartition(b"\r\n\r\n")[2] for one in answers.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"0",
        b"no thanks",
        b"ok",
        b"ok",
    ]


async def test_who_sends_a_thousand_requests_ahead_gets_the_first_hundred_and_a_closed_connection(client):
    answers = await client.send((GET + b"\r\n") * 1_000)
    assert 100 <= answers.count(b"HTTP/1.1 200 OK") <= 102
    assert b"HTTP/1.1 4" not in answers


async def test_every_answer_on_a_connection_is_whole_whatever_its_method_and_its_body(client):
    requests = [
        b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        GET + b"\r\n",
        b"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n",
        POST + b"Content-Length: 3\r\n\r\nabc",
        GET + b"Connection: close\r\n\r\n",
    ]
    answers = await client.send(*requests)
    statuses = [status(b"HTTP/1.1 " + one) for one in answers.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 200, 405, 200, 200]
    assert answers.endswith(b"\r\n\r\nok")


async def test_what_is_not_http_is_refused_in_one_quiet_line(client, caplog):
    with caplog.at_level(logging.INFO):
        assert problem(await client.send(b"\x16\x03\x01\x02\x00\r\n\r\n"))["status"] == 400
    (record,) = caplog.records
    assert record.getMessage() == "refused a request of 127.0.0.1 with 400: This is not HTTP/1.1."
    assert record.levelno == logging.INFO


async def test_a_request_of_another_version_of_http_is_refused_as_such(client):
    for line in (b"GET / HTTP/2.0", b"GET / HTTP/3.0", b"GET / HTTP/0.9", b"GET /", b"PRI * HTTP/2.0"):
        answer = await client.send(line + b"\r\nHost: a\r\n\r\nSM\r\n\r\n")
        assert (line, answer.count(b"HTTP/1.1 505 HTTP Version Not Supported")) == (line, 1)
        assert problem(answer)["detail"].endswith("this server speaks HTTP/1.1.")
    assert status(await client.send(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")) == 200


async def test_an_upgrade_that_nobody_offers_is_passed_over(client):
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    connection = await client.connect()
    for _ in range(2):
        await connection.send(GET + upgrade)
        assert (await connection.answer()).startswith(b"HTTP/1.1 200 ")
    await connection.send(GET + b"\r\n")
    assert (await connection.answer()).startswith(b"HTTP/1.1 200 ")
    connection.close()


async def test_a_websocket_outlives_the_deadlines(strict):
    connection = await strict.connect()
    await connection.send(
        b"GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert (await connection.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    await asyncio.sleep(1.2)
    await connection.send(b"\x81\x82\x00\x00\x00\x00hi")  # a masked text frame
    assert await connection.reader.readexactly(4) == b"\x81\x02hi"
    connection.close()
