"""Whatever is asked in whatever order, and whatever tokens and users become, both roads go the same way."""

import json
import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.signing import hash_token
from tests.contract.roads.asgi import Headers, Request
from tests.contract.roads.callers import NOBODY, bearer
from tests.contract.roads.operations import JSON
from tests.contract.roads.site import NAMES, Road, Roads, token_of

EXAMPLES = int(os.environ.get("ROADS_EXAMPLES", "12"))
NEVER = datetime(2100, 1, 1, tzinfo=UTC)
USERS = st.sampled_from(NAMES[:3])
CALLERS = st.one_of(st.just(None), USERS, USERS, USERS)
TITLES = st.sampled_from(("a", "B", "ünï", "100%", "x y", "   ", ""))
TAGS = st.lists(st.sampled_from(("python", "a/b", "new", "Hidden", "100%")), max_size=3)
KEYS = st.sampled_from(("1", "2", "3", "last", "first"))  # "last" is what was made last in this sequence
CONDITIONS = st.sampled_from((None, None, None, "known", "*", '"x"'))
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "limit": st.integers(0, 4),
        "offset": st.integers(0, 3),
        "ordering": st.sampled_from(("-created_at", "title", "-id", "view_count", "cost")),
        "count": st.sampled_from(("true", "capped", "no")),
        "tags__name": st.sampled_from(("python", "NEW", "a/b", "")),
        "is_published": st.sampled_from(("true", "false")),
        "author_id": st.integers(0, 3),
        "title__icontains": st.sampled_from(("a", "%", "Ü")),
        "search": st.sampled_from(("post", "made", "ünï")),
        "fields": st.sampled_from(("id", "id,title", "tags", "author.username")),
        "cursor": st.just(""),
    },
)
POSTS = st.fixed_dictionaries(
    {"title": TITLES, "content": st.just("x")}, optional={"is_published": st.booleans(), "tags": TAGS}
)
CHANGES = st.fixed_dictionaries({}, optional={"title": TITLES, "is_published": st.booleans(), "tags": TAGS})
STEPS = st.one_of(
    st.tuples(st.just("create"), CALLERS, POSTS),
    st.tuples(st.just("patch"), CALLERS, st.tuples(KEYS, CHANGES, CONDITIONS)),
    st.tuples(st.just("delete"), CALLERS, st.tuples(KEYS, CONDITIONS)),
    st.tuples(st.just("get"), CALLERS, KEYS),
    st.tuples(st.just("list"), CALLERS, FILTERS),
    st.tuples(st.just("list of a tag"), CALLERS, st.tuples(st.sampled_from(("python", "new", "a/b")), FILTERS)),
    st.tuples(st.just("comment"), CALLERS, st.tuples(KEYS, TITLES)),
    st.tuples(st.just("comments"), CALLERS, KEYS),
    st.tuples(st.just("revoke"), USERS, st.none()),
    st.tuples(st.just("deactivate"), USERS, st.booleans()),
    st.tuples(st.just("promote"), USERS, st.booleans()),
    st.tuples(st.just("log in"), USERS, st.none()),
)


class Client:
    """Takes one step after another on one road; it knows what it saw there."""

    def __init__(self, road: Road, number: int) -> None:
        self.road, self.number = road, number
        self.made = "2"
        self.tag = '"none"'

    async def take(self, step: tuple[str, str | None, Any]) -> None:
        kind, caller, what = step
        take = getattr(self, f"_{kind.replace(' ', '_')}")
        await take(what, NOBODY if caller is None else bearer(caller), caller)

    async def _create(self, post: Any, headers: Headers, _caller: Any) -> None:
        answer = await self._send("POST", "/api/posts", headers, post)
        if answer.status == 201:
            self.made = str(json.loads(answer.body)["id"])

    async def _patch(self, what: Any, headers: Headers, _caller: Any) -> None:
        key, changes, condition = what
        await self._send("PATCH", f"/api/posts/{self._key(key)}", headers + self._condition(condition), changes)

    async def _delete(self, what: Any, headers: Headers, _caller: Any) -> None:
        key, condition = what
        await self._send("DELETE", f"/api/posts/{self._key(key)}", headers + self._condition(condition))

    async def _get(self, key: str, headers: Headers, _caller: Any) -> None:
        await self._send("GET", f"/api/posts/{self._key(key)}", headers)

    async def _list(self, filters: Any, headers: Headers, _caller: Any) -> None:
        await self._send("GET", f"/api/posts?{urlencode(filters)}", headers)

    async def _list_of_a_tag(self, what: Any, headers: Headers, _caller: Any) -> None:
        await self._send("GET", f"/api/tags/{what[0]}/posts?{urlencode(what[1])}", headers)

    async def _comment(self, what: Any, headers: Headers, _caller: Any) -> None:
        await self._send("POST", f"/api/posts/{self._key(what[0])}/comments", headers, {"content": what[1]})

    async def _comments(self, key: str, headers: Headers, _caller: Any) -> None:
        await self._send("GET", f"/api/posts/{self._key(key)}/comments", headers)

    async def _revoke(self, _what: Any, headers: Headers, _caller: str) -> None:
        await self._send("POST", "/api/auth/logout", headers)

    async def _deactivate(self, active: bool, headers: Headers, caller: str) -> None:
        await self._change(caller, is_active=active)

    async def _promote(self, staff: bool, headers: Headers, caller: str) -> None:
        await self._change(caller, is_superuser=staff, is_staff=staff)

    async def _log_in(self, _what: Any, headers: Headers, caller: str) -> None:
        await restore(self.road, caller)

    async def _change(self, name: str, **values: bool) -> None:
        async with self.road.database.unit_of_work() as session:
            await session.execute(update(User).where(User.username == name).values(values))

    def _key(self, key: str) -> str:
        return {"last": self.made, "first": "1"}.get(key, key)

    def _condition(self, condition: str | None) -> Headers:
        if condition is None:
            return ()
        return ((b"if-match", (self.tag if condition == "known" else condition).encode()),)

    async def _send(self, method: str, target: str, headers: Headers, body: Any = None) -> Any:
        parts = () if body is None else (json.dumps(body).encode(),)
        headers = headers if body is None else (*JSON, *headers)
        name = f"example {self.number}"
        answer = await self.road.send(Request(name=name, method=method, target=target, headers=headers, parts=parts))
        self.tag = answer.header("etag") or self.tag
        return answer


async def restore(road: Road, name: str) -> None:
    """Give a user the token again that they had in the beginning."""
    async with road.database.unit_of_work() as session:
        key = NAMES.index(name) + 1
        await session.execute(delete(Session).where(Session.token_hash == hash_token(token_of(name))))
        session.add(Session(token_hash=hash_token(token_of(name)), user_id=key, expires_at=NEVER, used_at=NEVER))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.reuse, Phase.generate],  # each begins where the last one ended, so that a smaller one is another one
)
@given(steps=st.lists(STEPS, min_size=5, max_size=25))
async def test_any_sequence_of_requests_goes_the_same_way(roads: Roads, steps):
    number = len(steps)

    async def drive(road: Road) -> None:
        client = Client(road, number)
        for name in NAMES[:3]:
            await restore(road, name)
            await client._change(name, is_active=True, is_staff=name == "root", is_superuser=name == "root")
            answer = await client._send("GET", "/api/posts", bearer(name))
            assert answer.status == 200, f"{name}'s token opens nothing, and both roads would refuse all they ask alike"
        for step in steps:
            await client.take(step)

    await roads.play(drive)
    await roads.compare_rows()


async def test_rows_are_compared_in_an_order_that_no_drawn_key_decides(roads: Roads):
    post = {"title": "x", "content": "y", "tags": [f"new {number}" for number in range(6)]}

    async def drive(road: Road) -> None:
        assert (await Client(road, 1)._send("POST", "/api/posts", bearer("ada"), post)).status == 201

    await roads.play(drive)
    await roads.compare_rows()
