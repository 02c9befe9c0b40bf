"""Send the head of a response together with its body: one call of the system and one packet, where uvicorn has two."""

import asyncio


class GatheringTransport:
    """A transport that holds the first write of a response, its head, until the second comes or the loop goes on."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.is_closing = transport.is_closing
        self.expects_head = True
        self._transport, self._loop = transport, loop
        self._head = b""
        self._later: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """Write, or hold what is written."""
        if self.expects_head:
            self.expects_head = False
            self._head = data
            self._later = self._loop.call_soon(self.flush)
        elif self._head:
            self._forget_later()
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write what is held: of a response without a body, or whose body is yet to come."""
        self._forget_later()
        head, self._head = self._head, b""
        if head and not self.is_closing():
            self._transport.write(head)

    def close(self) -> None:
        """Write what is held and close."""
        self.flush()
        self._transport.close()

    def _forget_later(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
