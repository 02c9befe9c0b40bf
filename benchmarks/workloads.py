"""What is asked of every contestant; the requests are the same for all, in the same order."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from benchmarks import data, load
from benchmarks.load import Request
from benchmarks.servers import Server

PAGE = 20
SIZES = (1, PAGE, 100, 500)
DEPTHS = (0.2, 0.98)  # of all posts: 10,000 and 49,000 of 50,000
FIRST = 2_000  # posts: a list is read from anywhere in them
STEP = 100  # posts a page on the way to a cursor
CURSORS = 50  # different ones
CHANGED = 256  # posts that a contestant changes, again and again
CONTESTANTS = 8  # at most: each changes posts of its own
MANY, FEW = 32, 8  # connections; few where an answer takes long


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Requests of one kind."""

    name: str
    requests: Callable[[Server], Sequence[Request]]  # none, if a contestant does not offer it
    connections: int = FEW
    status: int = 200
    writes: bool = False


def workloads(posts: int) -> list[Workload]:
    """W1 to W9, pages of several sizes, and depth by offset and by cursor, of a blog of `posts` posts."""
    depths = [int(posts * share) for share in DEPTHS]
    return [
        *basic(posts),
        *(Workload(name=f"limit {size}", requests=partial(_page, size)) for size in SIZES),
        *(Workload(name=f"offset {depth}", requests=_same(f"/api/posts?offset={depth}")) for depth in (0, *depths)),
        *(Workload(name=f"cursor {depth}", requests=partial(_cursors, depth, 1)) for depth in (0, *depths)),
    ]


def basic(posts: int) -> list[Workload]:
    """W1 to W9; a t stands for those with a token, a different one with each request."""
    deep = int(posts * DEPTHS[0])
    authors = [f"/api/posts?author_id={user}&count=true" for user in range(1, data.USERS + 1)]
    tags = [f"/api/tags/{quote(f'tag {number}')}/posts" for number in range(1, data.TAGS + 1)]
    of_each: dict[str, Callable[[Server], Sequence[Request]]] = {
        "W1": partial(_one, posts),
        "W1t": _if_more(partial(_one_known, posts)),
        "W2": _list(posts),
        "W2t": _if_more(partial(_list_known, posts)),
        "W3": _list(posts, "count=true&"),
        "W4": _creations,
        "W5": _same("/health/live"),
        "W6": _if_more(partial(_changes, posts)),
        "W7": _if_more(lambda _: [load.get(path) for path in tags]),
        "W8": _if_more(partial(_cursors, deep, CURSORS)),
        "W9": _if_more(lambda _: [load.get(path) for path in authors]),
    }
    writes = {"W4": 201, "W6": 200}
    return [
        Workload(name=name, requests=found, connections=MANY, status=writes.get(name, 200), writes=name in writes)
        for name, found in of_each.items()
    ]


def post_body(number: int) -> bytes:
    """A post to create; it carries three tags that are there already."""
    content = "Some words about it. " * 48
    values = {"title": f"New post {number}", "content": content.strip(), "is_published": True}
    return json.dumps(values | {"tags": data.tags_of(number)}).encode()


def _if_more(requests: Callable[[Server], list[Request]]) -> Callable[[Server], list[Request]]:
    return lambda server: requests(server) if server.contestant.has_more else []


def _one(posts: int, _server: Server) -> list[Request]:
    return [load.get(f"/api/posts/{post}") for post in _chosen(posts) if data.is_published(post)]


def _one_known(posts: int, _server: Server) -> list[Request]:
    """Drafts are read by their author, the others by anybody."""
    chosen = [
        (post, user if data.is_published(post) else data.author_of(post)) for user, post in _users(_chosen(posts))
    ]
    return [load.get(f"/api/posts/{post}", data.token_of(user)) for post, user in chosen]


def _chosen(posts: int) -> list[int]:
    chosen = random.Random(posts)  # noqa: S311 - a load, not a secret; the same for everybody
    return [chosen.randint(1, posts) for _ in range(2_000)]


def _users(values: Sequence[int]) -> Iterator[tuple[int, int]]:
    return ((1 + number % data.USERS, value) for number, value in enumerate(values))


def _same(path: str) -> Callable[[Server], list[Request]]:
    return lambda _server: [load.get(path)]


def _list(posts: int, query: str = "") -> Callable[[Server], list[Request]]:
    return lambda _server: [load.get(f"/api/posts?{query}offset={offset}") for offset in _offsets(posts)]


def _list_known(posts: int, _server: Server) -> list[Request]:
    offsets = [*_offsets(posts)]
    many = [offsets[number % len(offsets)] for number in range(data.USERS)]
    return [load.get(f"/api/posts?offset={offset}", data.token_of(user)) for user, offset in _users(many)]


def _offsets(posts: int) -> range:
    return range(0, min(posts, FIRST), PAGE)


def _creations(_server: Server) -> list[Request]:
    return [load.post("/api/posts", post_body(number), data.token_of(number)) for number in range(1, data.USERS + 1)]


def _changes(posts: int, server: Server) -> list[Request]:
    """Each contestant has posts of its own, so that what another wrote is no reason to refuse its ETag."""
    published = (post for post in range(1, posts + 1) if data.is_published(post))
    own = islice(published, server.number, CHANGED * CONTESTANTS, CONTESTANTS)
    return [
        load.Change(f"/api/posts/{post}", '{"title": "Title {number}"}', data.token_of(data.author_of(post)))
        for post in own
    ]


def _page(size: int, server: Server) -> list[Request]:
    return [load.get(f"{server.contestant.pages}?limit={size}")] if server.contestant.pages else []


def _cursors(depth: int, number: int, server: Server) -> list[Request]:
    """Requests for pages by cursor, the first after some `depth` posts."""
    found: list[Request] = []
    if server.contestant.cursors is None:
        return found
    path: str | None = server.contestant.cursors.format(size=STEP)
    for _ in range(depth // STEP):  # there is no other way to a cursor than to follow the pages
        path = _following(server, path)
    path = path and path.replace(f"={STEP}", f"={PAGE}")
    while path and len(found) < number:
        found.append(load.get(path))
        path = _following(server, path) if len(found) < number else None
    return found


def _following(server: Server, path: str | None) -> str | None:
    with urlopen(f"http://127.0.0.1:{server.port}{path}") as answer:
        following = urlsplit(json.load(answer)["next"] or "")
    return f"{following.path}?{following.query}" if following.path else None
