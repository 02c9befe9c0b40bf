"""`make bench`: every contestant on every workload, interleaved, as requests a second and CPU a request against raw.

The server runs on one core, PostgreSQL and the load on the others. Ratios are taken within a round and the median of
the rounds is shown, so that a busy machine disturbs all alike.
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks import data, load
from project.testing import postgres

CONTESTANTS = {
    "raw": "benchmarks.contestants.raw:app",
    "dovetail": "config.asgi:app",
    "tutorial": "benchmarks.contestants.tutorial:app",
}
POSTS = 50_000
TICKS = os.sysconf("SC_CLK_TCK")
SECRET = "a-secret-for-benchmarks-only-0123456789"  # noqa: S105 - it guards nothing


def workloads(posts: int) -> dict[str, Callable[[], str]]:
    """W1 to W5 without the write W4, pages of several sizes, and depth by offset."""
    found: dict[str, Callable[[], str]] = {
        "W1 one post": partial(load.random_post, posts),
        "W2 twenty posts": lambda: "/api/posts",
        "W3 with a total": lambda: "/api/posts?count=true",
        "W5 no database": lambda: "/health/live",
    }
    for limit in (1, 100):
        found[f"page of {limit}"] = partial("/api/posts?limit={}".format, limit)
    found[f"offset {posts // 2}"] = partial("/api/posts?offset={}".format, posts // 2)
    return found


def main() -> None:
    """Measure, print a table, and write the figures to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--posts", type=int, default=POSTS)
    parser.add_argument("--only", nargs="*", default=[], help="workloads, by how their names begin")
    parser.add_argument("--output", type=Path, default=Path("var/benchmark.json"))
    options = parser.parse_args()
    wanted = {
        name: target
        for name, target in workloads(options.posts).items()
        if not options.only or name.startswith(tuple(options.only))
    }
    with ExitStack() as stack:
        stack.callback(postgres.start_server())
        url = postgres.create_database("benchmark")
        stack.callback(postgres.drop_database, "benchmark")
        data.fill(url, posts=options.posts)
        servers = {name: stack.enter_context(serve(app, url)) for name, app in CONTESTANTS.items()}
        figures = [_round(servers, wanted, options.seconds) for _ in range(options.rounds)]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(figures, indent=1))
    print(table(figures))  # noqa: T201 - the result


@contextmanager
def serve(app: str, url: str) -> Iterator[tuple[int, int]]:
    """Run an application with uvicorn on one core; gives the port and the process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    command = [*pinned, sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log"]
    # Production settings; warnings only, for Dovetail logs every request itself otherwise, and so do not the others.
    variables = {"DATABASE_URL": url.replace("+asyncpg", ""), "ENVIRONMENT": "production", "SECRET_KEY": SECRET}
    quiet = subprocess.DEVNULL
    command += ["--log-level", "warning"]
    process = subprocess.Popen(command, env=os.environ | variables, stdout=quiet, stderr=quiet)  # noqa: S603 - our own
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def table(figures: list[dict[str, dict[str, dict[str, float]]]]) -> str:
    """The medians as a Markdown table: requests a second and CPU a request, each in multiples of raw's."""
    lines = ["| | " + " | ".join(figures[0]) + " |", "|---" * (len(figures[0]) + 1) + "|"]
    for name in CONTESTANTS:
        cells = []
        for workload in figures[0]:
            rate = _median(figures, workload, name, "rate")
            cpu = _median(figures, workload, name, "cpu")
            cells.append(f"{rate:.2f} ({cpu:.1f})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    base = figures[0]
    cells = [f"{base[w]['raw']['rate']:.0f}/s, {base[w]['raw']['cpu'] * 1e3:.2f} ms" for w in base]
    return "\n".join([*lines, "| raw in the first round | " + " | ".join(cells) + " |"])


def _round(
    servers: dict[str, tuple[int, int]], wanted: dict[str, Callable[[], str]], seconds: float
) -> dict[str, dict[str, dict[str, float]]]:
    found: dict[str, dict[str, dict[str, float]]] = {}
    for workload, target in wanted.items():
        found[workload] = {}
        for name, (port, pid) in servers.items():
            asyncio.run(load.measure(port, target, seconds=0.5))  # warm
            before = _cpu(pid)
            result = asyncio.run(load.measure(port, target, seconds=seconds))
            if result.errors:
                raise SystemExit(f"{name} failed {result.errors} of {result.requests} requests of {workload}")
            cpu = (_cpu(pid) - before) / result.requests
            found[workload][name] = {"rate": result.rate, "cpu": cpu, "p50": result.p50, "p99": result.p99}
    return found


def _median(figures: list[dict[str, dict[str, dict[str, float]]]], workload: str, name: str, key: str) -> float:
    return statistics.median(one[workload][name][key] / one[workload]["raw"][key] for one in figures)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _wait(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("a server did not start")


if __name__ == "__main__":
    main()
