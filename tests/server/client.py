"""A client that says exactly what it is told to, byte by byte."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from starlette.applications import Starlette
from uvicorn import Server

PATIENCE = 120.0  # seconds; a machine may stand still for one minute


@dataclass(frozen=True)
class Client:
    """Opens connections to a server of this process."""

    port: int
    app: Starlette
    server: Server

    async def connect(self) -> "Connection":
        return Connection(*await asyncio.open_connection("127.0.0.1", self.port, limit=2**22))

    async def send(self, *parts: bytes) -> bytes:
        """Everything that comes back on a new connection until it is closed."""
        connection = await self.connect()
        try:
            for part in parts:
                await connection.send(part)
            return await connection.rest()
        finally:
            connection.close()


@dataclass(frozen=True)
class Connection:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Send, as far as the other side takes it."""
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self) -> bytes:
        """One response that has a length."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return head + await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """What comes until the connection is closed."""
        found = b""
        try:
            async with asyncio.timeout(PATIENCE):
                while chunk := await self.reader.read(65_536):
                    found += chunk
        except ConnectionError:
            pass
        return found

    def close(self) -> None:
        self.writer.close()
