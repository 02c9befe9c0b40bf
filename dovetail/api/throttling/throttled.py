"""Limits of endpoints: `dependencies=[throttled("10/minute")]`, for single endpoints and for routers.

A limit is counted before everything else that an endpoint depends on: no connection was taken by then, and no body
checked. An endpoint with one is always answered by FastAPI's router, never in front of it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Literal, TypeAlias

from fastapi.params import Depends
from starlette.requests import HTTPConnection, Request

from dovetail.api.fastapi_private import Dependant
from dovetail.api.principal import AUTHENTICATOR
from dovetail.api.throttling.rates import (
    LIMIT_HEADERS,
    LIMITER,
    Charge,
    ChargeResult,
    Rate,
    limit_headers,
    network_of,
    parse_rates,
    take_or_refuse,
)
from dovetail.database.unit_of_work import DATABASE
from dovetail.errors import ConfigurationError

By: TypeAlias = Literal["network", "user"] | Callable[[Request], str | Awaitable[str]]
THROTTLED: dict[int | str, dict[str, object]] = {429: {}}
"""The `responses` of an endpoint that counts by itself, with `throttle`."""


@dataclass(frozen=True)
class Throttled:
    """A dependency that counts requests; `throttled` makes it."""

    rates: tuple[Rate, ...]
    by: By
    name: str

    async def __call__(self, request: Request) -> None:
        """Count a request. Raise TooManyRequestsError if there were too many."""
        key, name = await self._key(request), self.name or request.scope["route"].name
        results = await _count(request, self.rates, key, name)
        told: dict[str, str] = request.scope["state"].setdefault(LIMIT_HEADERS, {})
        for header, value in limit_headers(results).items():
            told[header] = f"{told[header]}, {value}" if header in told else value

    async def _key(self, request: Request) -> str:
        if callable(self.by):
            found = self.by(request)
            return await found if isawaitable(found) else found
        authenticate = AUTHENTICATOR.find(request.app) if self.by == "user" else None
        if authenticate is not None:
            async with DATABASE.get(request.app).unit_of_work(read_only=True) as session:
                principal = await authenticate(request, session)
            if principal is not None:
                return f"user {principal.id}"
        return network_of(request)


def throttled(rates: str, *, by: By = "network", name: str = "") -> Depends:
    """Return a dependency that lets through so many requests: `throttled("10/minute; 100/hour")`.

    What is counted by is the client's `network` (an address of IPv4, a /64 of IPv6), the `user` whose token comes with
    the request or else their network, or the text that a function of the request returns. Endpoints with a `name` in
    common share a limit; without one each has its own. Raise ConfigurationError for rates that cannot be read.
    """
    return Depends(make_throttled(rates, by=by, name=name))


async def throttle(connection: HTTPConnection, rates: str | tuple[Rate, ...], key: str, *, name: str) -> None:
    """Count a request of an endpoint that finds out by itself what to count by: `throttle(request, "5/hour", email)`.

    Call it before the session of the request is used; it holds no connection afterwards. `name` is the limit's, as
    clients read it. Say so in the document by `responses=THROTTLED`. Raise TooManyRequestsError if there were too many,
    UnavailableError if it cannot be counted, and ValueError for rates that cannot be read.
    """
    await _count(connection, parse_rates(rates) if isinstance(rates, str) else rates, key, name)


def make_throttled(rates: str, *, by: By = "network", name: str = "") -> Throttled:
    """Return the dependency that `throttled` hands to FastAPI. Raise ConfigurationError as it does."""
    try:
        parsed = parse_rates(rates)
    except ValueError as error:
        raise ConfigurationError(f"throttled({rates!r}): {error}") from None
    if not parsed:
        raise ConfigurationError(
            f"throttled({rates!r}) limits nothing; write a rate such as 10/minute, or leave it out"
        )
    if not callable(by) and by not in {"network", "user"}:
        raise ConfigurationError(f"throttled(by={by!r}): expected 'network', 'user' or a function of the request")
    return Throttled(parsed, by, name)


def is_throttled(dependant: Dependant) -> bool:
    """Return True if an endpoint, or what it depends on, has a limit that `throttled` gave it."""
    return isinstance(dependant.call, Throttled) or any(map(is_throttled, dependant.dependencies))


async def _count(connection: HTTPConnection, rates: tuple[Rate, ...], key: str, name: str) -> Sequence[ChargeResult]:
    return await take_or_refuse(LIMITER.get(connection.app), [Charge(name, key, rate) for rate in rates])
