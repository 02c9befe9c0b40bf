"""Send the head of a response together with its body: one call of the system and one packet, where uvicorn has two."""

import asyncio


class GatheringTransport:
    """A transport that holds the head of a response until its body comes; by ASGI it leaves no sooner anyway."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.is_closing = transport.is_closing
        self._transport = transport
        self._head = b""

    def hold(self, head: bytes) -> None:
        """Hold a head."""
        self._head = head

    def write(self, data: bytes) -> None:
        """Write, behind the head that is held."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write the head that is held: of a response without a body."""
        if self._head and not self.is_closing():
            self._transport.write(self._head)
        self._head = b""

    def close(self) -> None:
        """Write what is held and close."""
        self.flush()
        self._transport.close()
