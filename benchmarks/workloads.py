"""What is asked of every contestant; the requests are the same for all, in the same order."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit
from urllib.request import urlopen

from benchmarks import data, load
from benchmarks.servers import Server

PAGE = 20
SIZES = (1, PAGE, 100, 500)
DEPTHS = (0.2, 0.98)  # of all posts: 10,000 and 49,000 of 50,000
STEP = 100  # posts a page on the way to a cursor
MANY, FEW = 32, 8  # connections; few where an answer takes long


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Requests of one kind."""

    name: str
    requests: Callable[[Server], Sequence[bytes]]  # none, if a contestant does not offer it
    connections: int = FEW
    status: int = 200


def workloads(posts: int) -> list[Workload]:
    """W1 to W5, pages of several sizes, and depth by offset and by cursor, of a blog of `posts` posts."""
    depths = [int(posts * share) for share in DEPTHS]
    return [
        Workload(name="W1", requests=partial(_one, posts), connections=MANY),
        Workload(name="W2", requests=_same("/api/posts"), connections=MANY),
        Workload(name="W3", requests=_same("/api/posts?count=true"), connections=MANY),
        Workload(name="W4", requests=_creations, connections=MANY, status=201),
        Workload(name="W5", requests=_same("/health/live"), connections=MANY),
        *(Workload(name=f"limit {size}", requests=partial(_page, size)) for size in SIZES),
        *(Workload(name=f"offset {depth}", requests=_same(f"/api/posts?offset={depth}")) for depth in (0, *depths)),
        *(Workload(name=f"cursor {depth}", requests=partial(_cursor, depth)) for depth in (0, *depths)),
    ]


def post_body(number: int) -> bytes:
    """A post to create; it carries three tags that are there already."""
    tags = [f"tag {1 + (number * 7 + k * 31) % 200}" for k in range(3)]
    content = "Some words about it. " * 48
    values = {"title": f"New post {number}", "content": content.strip(), "is_published": True, "tags": tags}
    return json.dumps(values).encode()


def _one(posts: int, _server: Server) -> list[bytes]:
    chosen = random.Random(posts)  # noqa: S311 - a load, not a secret; the same for everybody
    numbers = (chosen.randint(1, posts) for _ in range(2_000))
    return [load.get(f"/api/posts/{number}") for number in numbers if data.is_published(number)]


def _same(path: str) -> Callable[[Server], list[bytes]]:
    return lambda _server: [load.get(path)]


def _creations(_server: Server) -> list[bytes]:
    return [load.post("/api/posts", post_body(number), data.TOKEN) for number in range(200)]


def _page(size: int, server: Server) -> list[bytes]:
    return [load.get(f"{server.contestant.pages}?limit={size}")]


def _cursor(depth: int, server: Server) -> list[bytes]:
    if server.contestant.cursors is None:
        return []
    if depth == 0:
        return [load.get(server.contestant.cursors.format(size=PAGE))]
    path = server.contestant.cursors.format(size=STEP)
    for _ in range(depth // STEP):  # there is no other way to a cursor than to follow the pages
        with urlopen(f"http://127.0.0.1:{server.port}{path}") as answer:
            following = urlsplit(json.load(answer)["next"])
        path = f"{following.path}?{following.query}"
    return [load.get(path.replace(f"={STEP}", f"={PAGE}"))]
