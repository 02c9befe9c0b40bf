"""A streamed answer that lets go of its source with its last byte, or when the reader leaves."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class ClosingResponse(StreamingResponse):
    """A stream whose source is closed with the answer, however that ends.

    Where a browser has left, Starlette leaves that to the garbage collector: until it runs, the work goes on. A source
    that is no generator has nothing to close.
    """

    def __init__(self, source: AsyncIterator[str | bytes], media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(source, media_type=media_type, headers=headers)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if isinstance(self._source, AsyncGenerator):
                with anyio.CancelScope(shield=True):
                    await self._source.aclose()
