"""Rates as settings and endpoints write them, and what a limiter says of them: the kernel's side of throttling.

A rate is written as the `limits` library writes it, `5/minute` or `10 per 2 hours`, several with `;` between them
(https://limits.readthedocs.io/en/stable/quickstart.html#rate-limit-string-notation). Who counts is a plugin,
contrib/throttling, which sets LIMITER.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from math import ceil
from typing import TYPE_CHECKING, Annotated, Protocol

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from dovetail.errors import TooManyRequestsError, quoted_setting
from dovetail.state import StateKey
from dovetail.translation.texts import ngettext

if TYPE_CHECKING:  # commands that read settings do without Starlette
    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.requests import HTTPConnection

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
RATE = re.compile(r"(\d{1,9})\s*(?:/|\bper\b)\s*(\d{1,6})?\s*(second|minute|hour|day)s?", re.IGNORECASE)
NETWORK_BITS = {4: 32, 6: 64}  # whoever has one address of IPv6 has the 2**64 beside it as well
LIMIT_HEADERS = "rate_limit_headers"  # where the middleware finds what to add to the answer, in the scope's `state`
HEADERS = {
    "Retry-After": {"description": "Seconds until the next request is answered.", "schema": {"type": "integer"}},
    "RateLimit": {
        "description": "What is left of each limit, and for how long (draft-ietf-httpapi-ratelimit-headers-10).",
        "schema": {"type": "string", "examples": ['"login-60";r=0;t=12']},
    },
    "RateLimit-Policy": {
        "description": "Each limit: how many requests in how many seconds (the same draft).",
        "schema": {"type": "string", "examples": ['"login-60";q=5;w=60']},
    },
}  # of an answer that refuses, in the OpenAPI document
NOWHERE = "unknown"  # a client without an address, as behind a Unix socket that names nobody


@dataclass(frozen=True)
class Rate:
    """A number of requests in some seconds; as many may come at once, and then one every `seconds / amount`."""

    amount: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.amount} in {self.seconds} seconds"


@dataclass(frozen=True)
class Charge:
    """One request against a rate: `name` is of the limit (`login`), `key` of whom it counts (`203.0.113.7`)."""

    name: str
    key: str
    rate: Rate

    @property
    def bucket(self) -> str:
        """The name under which the limiter counts."""
        return f"{self.name}|{self.key}|{self.rate.amount}/{self.rate.seconds}"


@dataclass(frozen=True)
class ChargeResult:
    """The outcome of a charge: what is left of the quota, in how many seconds it is full, and when to try again.

    `retry_after` is in seconds and 0 if the request may go on.
    """

    charge: Charge
    remaining: int
    full_in: float
    retry_after: float = 0.0


class Limiter(Protocol):
    """Counts requests for all workers and machines of a site."""

    async def take(self, charges: Sequence[Charge]) -> Sequence[ChargeResult]:
        """Count a request against all charges, or against none if one of them refuses it.

        Raise UnavailableError if that cannot be counted.
        """

    async def give_back(
        self,
        charges: Sequence[Charge],
        *,
        remember: tuple[str, int] | None = None,
        session: "AsyncSession | None" = None,
    ) -> None:
        """Undo `take`: what was counted need not be. `remember` is a key, and for how many seconds to remember it.

        Where the database counts, that is done in the transaction of `session`, if one is given.
        """

    async def forget(self, name: str, part: str) -> int:
        """Forget what was counted under limits whose name starts with `name` and in whose key `part` stands.

        Return how many were found.
        """

    async def remembers(self, key: str) -> bool:
        """Return True if the key is remembered."""


LIMITER = StateKey[Limiter]("limiter", "add dovetail.contrib.throttling to the plugins")


def parse_rates(text: str) -> tuple[Rate, ...]:
    """Read `5/minute; 20/hour`; nothing, or `off`, is no limit. Raise ValueError for anything else."""
    if text.strip().lower() in {"", "off"}:
        return ()
    rates = []
    for part in text.split(";"):
        found = RATE.fullmatch(part.strip())
        amount, multiple = (int(found[1]), int(found[2] or 1)) if found else (0, 0)
        if found is None or not amount or not multiple:
            raise ValueError(
                f"{quoted_setting(part.strip())} is no rate, expected one such as 5/minute, 10 per 2 hours, or "
                "5/minute; 20/hour"
            )
        rates.append(Rate(amount, multiple * SECONDS[found[3].lower()]))
    return tuple(rates)


def read_rates(value: object) -> object:
    """Read a text as `parse_rates` does, and leave anything else as it is."""
    return parse_rates(value) if isinstance(value, str) else value


Rates = Annotated[tuple[Rate, ...], NoDecode, BeforeValidator(read_rates), Field(validate_default=True)]
"""The type of a setting that holds rates: `login: Rates = parse_rates("5/minute")`."""


def network_of(connection: "HTTPConnection") -> str:
    """Return from where a request comes: the address that TRUSTED_PROXIES lets us believe, of IPv6 its /64."""
    return network(connection.client.host) if connection.client else NOWHERE


def network(address: str) -> str:
    """Return an address of IPv4 as it is, of IPv6 the /64 that it lies in, and any other text as it is."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    bits = NETWORK_BITS[found.version]
    return str(found) if found.version == 4 else str(ip_network((found, bits), strict=False))  # noqa: PLR2004 - IPv4


async def take_or_refuse(limiter: Limiter, charges: Sequence[Charge]) -> Sequence[ChargeResult]:
    """Count a request. Raise TooManyRequestsError, which tells when to come back, if one of the charges refuses it."""
    if not charges:
        return ()
    results = await limiter.take(charges)
    if any(one.retry_after > 0 for one in results):
        raise refusal(results)
    return results


def refusal(results: Sequence[ChargeResult]) -> TooManyRequestsError:
    """Return the error for a request that is refused, with the longest wait of those that are asked for."""
    wait = max(1, ceil(max(one.retry_after for one in results)))
    refused = [one for one in results if one.retry_after > 0]
    headers = {"Retry-After": str(wait), **limit_headers(refused)}
    told = ngettext(
        "Too many requests came from here; try again in %(count)s second.",
        "Too many requests came from here; try again in %(count)s seconds.",
        wait,
    )
    return TooManyRequestsError(told % {"count": wait}, headers=headers)


def limit_headers(results: Sequence[ChargeResult]) -> dict[str, str]:
    """Return RateLimit and RateLimit-Policy as draft-ietf-httpapi-ratelimit-headers-10 has them.

    https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/
    """
    names = [f'"{one.charge.name}-{one.charge.rate.seconds}"' for one in results]
    policies = [
        f"{name};q={one.charge.rate.amount};w={one.charge.rate.seconds}"
        for name, one in zip(names, results, strict=True)
    ]
    states = [
        f"{name};r={one.remaining};t={ceil(one.retry_after or one.full_in)}"
        for name, one in zip(names, results, strict=True)
    ]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}
