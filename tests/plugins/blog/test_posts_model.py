"""The post resource against a model of it in memory, over random stories with writers that race."""

import asyncio
import os
from dataclasses import dataclass, field
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.walking import pages

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "20"))
TITLES = st.text("abcXYZ é%_", min_size=1, max_size=8).filter(lambda text: text.strip())
WHICH = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("create"), TITLES, st.booleans()),
    st.tuples(st.just("patch"), WHICH, TITLES, st.sampled_from(["none", "current", "stale"])),
    st.tuples(st.just("race"), WHICH, st.lists(TITLES, min_size=2, max_size=4, unique=True)),
    st.tuples(st.just("delete"), WHICH, st.sampled_from(["none", "current", "stale"])),
    st.tuples(st.just("list"), st.sampled_from(["title", "-title", "id", "-created_at"]), st.booleans()),
    st.tuples(st.just("page"), st.integers(1, 3)),
)


@dataclass
class Model:
    """What the posts should be, and the ETags they had before."""

    client: httpx.AsyncClient
    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)
    stale: dict[int, str] = field(default_factory=dict)

    def pick(self, which: int) -> int | None:
        return sorted(self.posts)[which % len(self.posts)] if self.posts else None

    def headers(self, key: int, match: str) -> dict[str, str]:
        found = {"none": None, "current": self.tags[key], "stale": self.stale.get(key, '"none-such"')}[match]
        return {"If-Match": found} if found else {}

    def learn(self, answer: httpx.Response) -> None:
        post = answer.json()
        if post["id"] in self.tags:
            self.stale[post["id"]] = self.tags[post["id"]]
        self.posts[post["id"]], self.tags[post["id"]] = post, answer.headers["ETag"]

    async def create(self, title: str, is_published: bool) -> None:
        body = {"title": title, "content": "text", "is_published": is_published}
        answer = await self.client.post("/api/posts", json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["title"] == title.strip()
        self.learn(answer)

    async def patch(self, which: int, title: str, match: str) -> None:
        key = self.pick(which)
        if key is None:
            return
        answer = await self.client.patch(f"/api/posts/{key}", json={"title": title}, headers=self.headers(key, match))
        assert answer.status_code == (412 if match == "stale" else 200), answer.text
        if answer.is_success:
            kept = {name: value for name, value in self.posts[key].items() if name not in ("title", "updated_at")}
            assert answer.json() == kept | {"title": title.strip(), "updated_at": answer.json()["updated_at"]}
            if answer.headers["ETag"] != self.tags[key]:
                self.learn(answer)

    async def race(self, which: int, titles: list[str]) -> None:
        key = self.pick(which)
        fresh = [title for title in titles if key and title.strip() != self.posts[key]["title"]]
        if key is None or len({title.strip() for title in fresh}) < 2:
            return
        headers = self.headers(key, "current")
        sends = (self.client.patch(f"/api/posts/{key}", json={"title": title}, headers=headers) for title in fresh)
        answers = await asyncio.gather(*sends)
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * (len(fresh) - 1)
        self.learn(next(answer for answer in answers if answer.is_success))

    async def delete(self, which: int, match: str) -> None:
        key = self.pick(which)
        if key is None:
            return
        answer = await self.client.delete(f"/api/posts/{key}", headers=self.headers(key, match))
        assert answer.status_code == (412 if match == "stale" else 204)
        if answer.is_success:
            del self.posts[key], self.tags[key]
            assert (await self.client.get(f"/api/posts/{key}")).status_code == 404

    async def list(self, ordering: str, published: bool) -> None:
        answer = await self.client.get(f"/api/posts?limit=100&count=true&ordering={ordering}&is_published={published}")
        wanted = {key: post for key, post in self.posts.items() if post["is_published"] is published}
        assert {post["id"]: post for post in answer.json()["items"]} == wanted
        assert answer.json()["total"] == len(wanted)

    async def page(self, limit: int) -> None:
        walk = pages(self.client.get, f"/api/posts?ordering=-id&cursor=&limit={limit}")
        seen = [post["id"] async for answer in walk for post in answer.json()["items"]]
        assert seen == sorted(self.posts, reverse=True)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=st.lists(STEPS, min_size=3, max_size=20))
async def test_the_posts_are_what_a_model_in_memory_says(author, story):
    model = Model(author.client)
    for post in (await author.client.get("/api/posts?limit=100")).json()["items"]:  # of the example before
        await author.client.delete(f"/api/posts/{post['id']}")
    for name, *arguments in story:
        await getattr(model, name)(*arguments)
    for key, post in model.posts.items():
        answer = await author.client.get(f"/api/posts/{key}")
        assert answer.json() == post
        assert answer.headers["ETag"] == model.tags[key]
