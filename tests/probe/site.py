"""What the probe sets up by itself: who is staff, and a middleware of its own."""

from dataclasses import dataclass

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.errors import ConflictError
from dovetail.plugin import Context


@dataclass
class Visitor:
    id: int
    is_staff: bool


async def authenticate(connection: HTTPConnection, _session: AsyncSession) -> Visitor | None:
    name = connection.headers.get("x-visitor")
    return Visitor(1, is_staff=name == "staff") if name else None


class RefusingMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/refused-by-a-plugin":
            raise ConflictError("A plugin's middleware refuses.")

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                hosts = [value for name, value in scope["headers"] if name == b"host"]
                message["headers"] = [*message["headers"], (b"x-probe", b",".join(hosts) or b"no host")]
            await send(message)

        await self.app(scope, receive, send_marked)


async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
    response = PlainTextResponse("mounted", headers={"Content-Security-Policy": "default-src 'none'"})
    await response(scope, receive, send)


def set_up(app: FastAPI, _context: Context) -> None:
    app.state.authenticate = authenticate
    app.add_middleware(RefusingMiddleware)
    app.mount("/admin", mounted)
