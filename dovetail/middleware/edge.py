"""The outermost middleware: everything that is done for every request and response, in one pass.

Each task has its own module. As separate middlewares, each would read the headers and wrap `send` again, which is most
of what a middleware costs.
"""

from collections.abc import Awaitable, Collection, Iterator, Mapping
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dovetail.api.throttling.rates import LIMIT_HEADERS
from dovetail.middleware.access_log import AccessLog
from dovetail.middleware.bodies.body_limit import BodyLimit
from dovetail.middleware.cache_control import cache_headers
from dovetail.middleware.forwarded import FORWARDED, ForwardedHeaders, disable_proxy_headers
from dovetail.middleware.head import as_get, without_body
from dovetail.middleware.headers import Pair, Pairs, Values, first_values
from dovetail.middleware.request_id import RequestIds, current_request_id, with_request_id
from dovetail.middleware.security_headers import SecurityHeaders
from dovetail.middleware.trusted_host import TrustedHosts, refuse_host
from dovetail.settings import Settings
from dovetail.state import APPLICATION, current_scope


class EdgeMiddleware:
    """Applies proxy headers, assigns the request id, writes the access log, and adds headers to every response.

    A refused request is passed on with REFUSAL in its scope, so that the middleware of plugins sees its response, too.
    """

    stands_alone = True  # needs no error handler around it: the ErrorMiddleware inside handles every exception

    def __init__(self, app: ASGIApp, *, settings: Settings, probes: Collection[str] = ()) -> None:
        self.app = app
        self._forwarded = ForwardedHeaders(settings.trusted_proxies)
        self._request_ids = RequestIds()
        self._access_log = AccessLog()
        self._hosts = TrustedHosts(settings.allowed_hosts, probes)
        self._body_limit = BodyLimit(settings.max_body_size)
        self._security_headers = SecurityHeaders(hsts=settings.environment == "production")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application."""
        if scope["type"] == "lifespan":
            disable_proxy_headers()
            await self.app(scope, receive, send)
            return
        request_headers = first_values(scope)
        if not FORWARDED.isdisjoint(request_headers):
            await self._forwarded.apply(scope)  # sets the client's own address
        request_id = scope.setdefault("state", {})["request_id"] = self._request_ids.of(request_headers)
        scope[APPLICATION] = scope.get("app")
        token, scope_token = current_request_id.set(request_id), current_scope.set(scope)
        try:
            if scope["type"] == "http":
                await self._answer(scope, request_headers, receive, send)
            elif self._hosts.include(scope, request_headers):
                await self.app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
        finally:
            current_request_id.reset(token)
            current_scope.reset(scope_token)

    async def _answer(self, scope: Scope, request_headers: Values, receive: Receive, send: Send) -> None:
        started, status = perf_counter(), 0
        inner = scope if self._hosts.include(scope, request_headers) else refuse_host(scope)
        receive = self._body_limit.around(receive, inner, request_headers)

        def complete(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._complete([*message.get("headers", ())], inner, request_headers)
            return send(message)

        respond: Send = complete
        if scope["method"] == "HEAD":
            inner, respond = as_get(inner), without_body(complete)
        try:
            await self.app(inner, receive, respond)
        finally:
            self._access_log.write(scope, status, started)

    def _complete(self, headers: Pairs, scope: Scope, request_headers: Values) -> list[Pair]:
        response_headers = dict(headers)
        added = [
            *headers,
            *cache_headers(response_headers, scope, request_headers),
            *self._security_headers.missing(response_headers, scope),
        ]
        state = scope["state"]
        if LIMIT_HEADERS in state:
            added += _limits(response_headers, state[LIMIT_HEADERS])
        return with_request_id(added, state["request_id"], response_headers)


def _limits(response_headers: Mapping[bytes, bytes], found: Mapping[str, str]) -> Iterator[Pair]:
    """Yield the rate limit headers that a dependency has stored, except those the response already has."""
    for name, value in found.items():
        pair = (name.lower().encode(), value.encode())
        if pair[0] not in response_headers:
            yield pair
