"""Measure whether answers tell which addresses are known: `python -m benchmarks.accounts.enumeration --tries 200`.

Each door is asked about addresses that are known, unknown, and known but deactivated, in turns, and another request
follows at once, on the same connection. The medians may lie 5 ms apart; and what is answered must be alike.
"""

import argparse
import asyncio
import json
import logging
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TypeAlias

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import insert

from benchmarks.accounts.tables import keep, today
from config.settings import Settings
from dovetail.application import site_application
from dovetail.contrib.auth.accounts.passwords import hash_password
from dovetail.contrib.auth.mail.backends import EMAIL_SENDER, Outbox
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.log_in import log_in
from dovetail.database.unit_of_work import DATABASE
from dovetail.testing import postgres
from dovetail.testing.databases import TestDatabases

LARGEST_GAP = 0.005  # seconds
KINDS = ("known", "fresh", "ended")  # of one length, so that nothing but the kind differs: the last are deactivated
PASSWORD = "correct horse battery staple"  # noqa: S105 - it guards nothing
VARYING = re.compile(r"known|fresh|ended|\d+")
PASSING = {"x-request-id", "date", "content-length"}
PASSING_VALUES = {"request_id", "created_at", "updated_at"}

Clock: TypeAlias = Callable[[], float]
Ask: TypeAlias = Callable[[httpx.AsyncClient, str, int], Awaitable[httpx.Response]]


@dataclass
class Door:
    """What was measured at one door, in seconds by the kind of address, and what was answered."""

    times: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    next_times: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    answers: set[str] = field(default_factory=set)

    def gap(self) -> float:
        """Return how far the medians lie apart, those of the request or of the one that follows."""
        return max(_gap(self.times), _gap(self.next_times))


async def measure(
    app: FastAPI, *, tries: int, hashed: str, clock: Clock = perf_counter, first: int = 0
) -> Mapping[str, Door]:
    """Ask each door `tries` times for each kind, with users whose passwords have this hash.

    The users are numbered from `first` on; a second measure of one site begins where the one before ended.
    `time.process_time` as the `clock` sees no difference in waiting, and is not misled by what else a machine does.
    """
    numbers = range(first, first + tries)
    attackers = await _make_people(app, numbers, hashed)
    doors = {name: Door() for name in ASKS}
    for number in numbers:
        turned = KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]
        for name, ask in ASKS.items():
            for kind in turned:
                # Whoever asks comes from elsewhere each time: limits are for others to measure.
                async with _client(app, number, attackers[number - first]) as client:
                    await _time(client, doors[name], clock, partial(ask, client, kind, number), kind)
    return doors


async def _log_in(client: httpx.AsyncClient, kind: str, number: int) -> httpx.Response:
    form = {"username": _address(kind, number), "password": f"wrong {kind} {number}"}  # a spray is limited
    return await client.post("/api/auth/login", data=form, headers={"Authorization": ""})


async def _forgot(client: httpx.AsyncClient, kind: str, number: int) -> httpx.Response:
    return await client.post("/api/auth/forgot-password", json={"email": _address(kind, number)})


async def _ask_to_verify(client: httpx.AsyncClient, kind: str, number: int) -> httpx.Response:
    return await client.post("/api/auth/request-verify-token", json={"email": _address(kind, number)})


async def _register(client: httpx.AsyncClient, kind: str, number: int) -> httpx.Response:
    name = f"new{KINDS.index(kind)}x{number}"
    body = {"username": name, "email": _address(kind, number), "password": PASSWORD}
    return await client.post("/api/auth/register", json=body)


async def _change(client: httpx.AsyncClient, kind: str, number: int) -> httpx.Response:
    body = {"email": _address(kind, number), "current_password": PASSWORD}
    return await client.patch("/api/users/me", json=body)


ASKS: Mapping[str, Ask] = {
    "login": _log_in,
    "forgot-password": _forgot,
    "request-verify-token": _ask_to_verify,
    "register": _register,
    "change of address": _change,
}


@asynccontextmanager
async def _client(app: FastAPI, number: int, token: str) -> AsyncIterator[httpx.AsyncClient]:
    address = f"10.{number // 250}.{number % 250}.1"
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:
        yield client


def main() -> None:
    """Measure on both databases; exit with 1 if an answer tells something."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tries", type=int, default=200, help="for each kind of address, at each door (200)")
    tries = parser.parse_args().tries
    stop = postgres.start_server()
    found: dict[str, Mapping[str, Door]] = {}
    try:
        with TemporaryDirectory() as folder:
            databases = TestDatabases(Path(folder))
            for kind in ("sqlite", "postgresql"):
                with databases.migrated(kind, Settings) as url:
                    found[kind] = asyncio.run(_measure_on(kind, url, tries))
            databases.close()
    finally:
        stop()
    gaps = {kind: {name: door.gap() for name, door in doors.items()} for kind, doors in found.items()}
    keep("enumeration", {"date": today(), "tries": tries, "gaps": gaps})
    each = [door for doors in found.values() for door in doors.values()]
    sys.exit(any(door.gap() > LARGEST_GAP or len(door.answers) > 1 for door in each))


async def _time(
    client: httpx.AsyncClient, door: Door, clock: Clock, ask: Callable[[], Awaitable[httpx.Response]], kind: str
) -> None:
    started = clock()
    answer = await ask()
    answered = clock()
    await client.get("/health/live")
    door.next_times[kind].append(clock() - answered)
    door.times[kind].append(answered - started)
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in PASSING)
    told = {name: value for name, value in (answer.json() or {}).items() if name not in PASSING_VALUES}
    door.answers.add(VARYING.sub("#", json.dumps([answer.status_code, headers, told])))


def _address(kind: str, number: int) -> str:
    return f"{kind}{number}@example.org"


async def _make_people(app: FastAPI, numbers: Iterable[int], hashed: str) -> Sequence[str]:
    """Make the users that are known, and one attacker for each try; return the attackers' tokens."""
    rows = [
        {
            "username": f"{name}{number}",
            "email": _address(name, number),
            "hashed_password": hashed,
            "is_verified": True,
            "is_active": name != "ended",
        }
        for name in ("known", "ended", "attacker")
        for number in numbers
    ]
    async with DATABASE.get(app).unit_of_work() as session:
        found = await session.scalars(insert(User).returning(User), rows)
        people = [user for user in found.all() if user.username.startswith("attacker")]
        logins = [await log_in(session, user, connection=None, method="password") for user in people]
    return [login.token for login in logins]


def _gap(times: Mapping[str, Sequence[float]]) -> float:
    medians = [median(of_kind) for of_kind in times.values()]
    return max(medians) - min(medians)


async def _measure_on(kind: str, url: str, tries: int) -> Mapping[str, Door]:
    secret = SecretStr("a-secret-for-a-measurement-0123456789")
    settings = Settings.model_validate({"environment": "test", "secret_key": secret, "database_url": SecretStr(url)})
    app = site_application(settings)
    EMAIL_SENDER.set(app, Outbox())
    logging.disable(logging.WARNING)  # whose lines would stand between the figures
    async with app.router.lifespan_context(app):
        doors = await measure(app, tries=tries, hashed=await hash_password(PASSWORD))
    for name, door in doors.items():
        medians = "  ".join(f"{one} {median(times) * 1000:.1f} ms" for one, times in door.times.items())
        print(f"{kind:10} {name:20} {medians}  gap {door.gap() * 1000:.1f} ms, {len(door.answers)} answer")  # noqa: T201 - it is its output
    return doors


if __name__ == "__main__":
    main()
