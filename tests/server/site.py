"""The site, and endpoints that read and write in ways of their own; served by the tests of this package."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request, WebSocket
from fastapi.responses import StreamingResponse

from config.settings import Settings
from dovetail.application import make_application
from dovetail.settings import load_settings

app = make_application(load_settings(Settings))


@app.post("/raw")
async def read_raw(request: Request) -> int:
    return len(await request.body())


@app.post("/stream")
async def read_stream(request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@app.post("/echo")
async def echo(request: Request) -> StreamingResponse:
    return StreamingResponse(request.stream())


@app.get("/ticks")
async def ticks() -> StreamingResponse:
    async def tick() -> AsyncIterator[bytes]:
        while True:
            yield b"tick\n"
            await asyncio.sleep(0.02)

    return StreamingResponse(tick())


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.receive_text()


@app.get("/peer")
async def peer(request: Request) -> dict[str, str]:
    client = request.client
    return {
        "host": client.host if client else "",
        "scheme": request.url.scheme,
        "prefix": request.scope["root_path"],
        "url": str(request.url_for("peer")),
    }
