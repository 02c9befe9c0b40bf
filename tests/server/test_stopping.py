"""A server that is told to stop does not wait for ever, and says in a line for whom it did not wait."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.server.running import running


async def never(request: Request) -> Response:
    request.app.state.asked.set()
    await asyncio.Event().wait()
    return Response()


async def endless(_request: Request) -> Response:
    async def ticks() -> AsyncIterator[bytes]:
        while True:
            yield b"tick\n"
            await asyncio.sleep(0.02)

    return StreamingResponse(ticks())


async def test_who_takes_too_long_when_the_server_stops_is_cut_off_or_answered_503_without_a_traceback(caplog):
    caplog.set_level(logging.INFO)
    app = Starlette(routes=[Route("/never", never, methods=["POST"]), Route("/endless", endless)])
    app.state.asked = asyncio.Event()
    async with running(app, patience=1) as client:
        reading, waiting = await client.connect(), await client.connect()
        await reading.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        await reading.reader.readuntil(b"tick\n")
        await waiting.send(b"POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        await app.state.asked.wait()
        client.server.should_exit = True
        answer = await waiting.rest()
        cut = await reading.rest()
        reading.close()
        waiting.close()
    head, _, problem = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in head
    assert "This server stops" in json.loads(problem)["detail"]
    assert not cut.endswith(b"0\r\n\r\n")  # it does not look whole
    said = [record.getMessage() for record in caplog.records]
    assert "cut off the answer to GET /endless, to stop" in said
    assert "A request was cancelled, to stop." in said
    assert [record for record in caplog.records if record.exc_info] == []
