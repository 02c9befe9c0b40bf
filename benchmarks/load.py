"""A load generator: keep-alive connections that send one request after the other and read the answers."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """What a round gave."""

    requests: int
    seconds: float
    p50: float  # milliseconds
    p99: float
    errors: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


async def measure(port: int, target: Callable[[], str], *, seconds: float, connections: int = 32) -> Result:
    """Ask for `target()` again and again for some seconds."""
    times: list[float] = []
    errors = 0
    started = time.perf_counter()
    deadline = started + seconds

    async def client() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < deadline:
            sent = time.perf_counter()
            writer.write(f"GET {target()} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            errors += not head.startswith(b"HTTP/1.1 200")
            times.append(time.perf_counter() - sent)
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    times.sort()
    elapsed = time.perf_counter() - started
    return Result(len(times), elapsed, times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3, errors)


def random_post(posts: int) -> str:
    """The path of one of the published posts."""
    number = random.randint(1, posts)  # noqa: S311 - a load, not a secret
    return f"/api/posts/{number if number % 10 else number - 1}"
