"""A streaming response that closes its source after the last byte, or when the client disconnects."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class ClosingResponse(StreamingResponse):
    """A streaming response that always closes its source generator.

    After a disconnect, Starlette leaves the generator to the garbage collector, so its work may go on for a while. A
    source that is not a generator has nothing to close.
    """

    def __init__(self, source: AsyncIterator[str | bytes], media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(source, media_type=media_type, headers=headers)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if isinstance(self._source, AsyncGenerator):
                with anyio.CancelScope(shield=True):
                    await self._source.aclose()
