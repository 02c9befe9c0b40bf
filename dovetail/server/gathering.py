"""Send the head of a response together with its body, by one system call and in one packet; uvicorn takes two."""

import asyncio


class GatheringTransport:
    """A transport that holds the head of a response until its body comes, as ASGI allows."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.is_closing = transport.is_closing
        self._transport = transport
        self._head = b""

    def hold(self, head: bytes) -> None:
        """Keep a head until the next write."""
        self._head = head

    def write(self, data: bytes) -> None:
        """Write the held head, if there is one, and the data."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write the held head: the response has no body."""
        if self._head and not self.is_closing():
            self._transport.write(self._head)
        self._head = b""

    def close(self) -> None:
        """Write what is held and close."""
        self.flush()
        self._transport.close()
