"""Articles, the feed, favorites, comments and tags, on SQLite and on PostgreSQL."""

import re

import httpx

from tests.conftest import Join, article

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*Z")
FIELDS = {"slug", "title", "description", "tagList", "createdAt", "updatedAt", "favorited", "favoritesCount", "author"}
NOT_FOUND = {"errors": {"article": ["not found"]}}


async def test_an_article_is_written_read_changed_and_deleted(client: httpx.AsyncClient, join: Join) -> None:
    ada = await join("ada")
    made = await ada.post("/api/articles", json=article("How to Weave", "loom", "art"))
    assert made.status_code == 201, made.text
    found = made.json()["article"]
    assert set(found) == {*FIELDS, "body"}
    assert found["slug"].startswith("how-to-weave-")
    assert (found["tagList"], found["favorited"], found["favoritesCount"]) == (["art", "loom"], False, 0)
    assert found["author"] == {"username": "ada", "bio": None, "image": None, "following": False}
    assert all(MOMENT.fullmatch(found[name]) for name in ("createdAt", "updatedAt"))
    url = made.headers["Location"]
    assert url == f"/api/articles/{found['slug']}"
    assert (await client.get(url)).json() == made.json()

    body = await ada.put(url, json={"article": {"body": "Changed."}})
    assert body.status_code == 200, body.text
    assert (body.json()["article"]["body"], body.json()["article"]["slug"]) == ("Changed.", found["slug"])
    assert body.json()["article"]["tagList"] == ["art", "loom"]
    assert body.json()["article"]["updatedAt"] > found["updatedAt"]
    cleared = await ada.put(url, json={"article": {"tagList": []}})
    assert cleared.json()["article"]["tagList"] == []

    titled = await ada.put(url, json={"article": {"title": "Weaving", "tagList": ["new"]}})
    assert titled.json()["article"]["slug"].startswith("weaving-")
    assert titled.json()["article"]["tagList"] == ["new"]
    assert ((await client.get(url)).status_code, (await client.get(url)).json()) == (404, NOT_FOUND)

    url = f"/api/articles/{titled.json()['article']['slug']}"
    assert (await ada.delete(url)).status_code == 204
    assert (await client.get(url)).json() == NOT_FOUND


async def test_what_an_article_lacks_is_named(join: Join) -> None:
    ada = await join("ada")
    slug = (await ada.post("/api/articles", json=article("A"))).json()["article"]["slug"]
    for field in ("title", "description", "body"):
        fields = {"title": "A", "description": "B", "body": "C", field: ""}
        blank = await ada.post("/api/articles", json={"article": fields})
        assert (blank.status_code, blank.json()) == (422, {"errors": {field: ["can't be blank"]}})
        emptied = await ada.put(f"/api/articles/{slug}", json={"article": {field: ""}})
        assert (emptied.status_code, emptied.json()) == (422, {"errors": {field: ["can't be blank"]}})
    null = await ada.put(f"/api/articles/{slug}", json={"article": {"tagList": None}})
    assert (null.status_code, list(null.json()["errors"])) == (422, ["tagList"])


async def test_lists_are_filtered_and_cut(client: httpx.AsyncClient, join: Join) -> None:
    ada, grace = await join("ada"), await join("grace")
    for title, *tags in (("One", "a"), ("Two", "a", "b"), ("Three", "b")):
        await ada.post("/api/articles", json=article(title, *tags))
    made = await grace.post("/api/articles", json=article("Four"))
    slug = made.json()["article"]["slug"]
    await ada.post(f"/api/articles/{slug}/favorite")

    async def titles(query: str, by: httpx.AsyncClient = client) -> tuple[list[str], int]:
        answer = await by.get(f"/api/articles{query}")
        assert answer.status_code == 200, answer.text
        assert all(set(one) == FIELDS for one in answer.json()["articles"])
        assert list(answer.json()) == ["articles", "articlesCount"]
        return [one["title"] for one in answer.json()["articles"]], answer.json()["articlesCount"]

    assert await titles("") == (["Four", "Three", "Two", "One"], 4)
    assert await titles("?limit=2&offset=1") == (["Three", "Two"], 4)
    assert await titles("?tag=a") == (["Two", "One"], 2)
    assert await titles("?author=ADA&tag=b") == (["Three", "Two"], 2)
    assert await titles("?author=nobody") == ([], 0)
    assert await titles("?favorited=ada") == (["Four"], 1)
    assert await titles("?favorited=grace") == ([], 0)
    assert (await client.get("/api/tags")).json() == {"tags": ["a", "b"]}
    unknown = await client.get("/api/articles?colour=red")
    assert (unknown.status_code, list(unknown.json()["errors"])) == (422, ["colour"])

    assert await titles("/feed", grace) == ([], 0)
    await grace.post("/api/profiles/ada/follow")
    assert await titles("/feed?limit=1", grace) == (["Three"], 3)
    (first,) = (await grace.get("/api/articles/feed?limit=1")).json()["articles"]
    assert first["author"]["following"]


async def test_favorites_are_counted_for_all_and_known_to_whom_they_belong(
    client: httpx.AsyncClient, join: Join
) -> None:
    ada, grace = await join("ada"), await join("grace")
    slug = (await ada.post("/api/articles", json=article("A"))).json()["article"]["slug"]
    url = f"/api/articles/{slug}"

    def told(answer: httpx.Response) -> tuple[bool, int]:
        found = answer.json()["article"]
        return found["favorited"], found["favoritesCount"]

    for _ in range(2):
        assert told(await grace.post(f"{url}/favorite")) == (True, 1)
    assert told(await ada.post(f"{url}/favorite")) == (True, 2)
    assert told(await client.get(url)) == (False, 2)
    assert told(await grace.delete(f"{url}/favorite")) == (False, 1)
    assert [told(await each.get(url)) for each in (ada, grace)] == [(True, 1), (False, 1)]


async def test_comments_are_made_listed_and_taken_back(client: httpx.AsyncClient, join: Join) -> None:
    ada, grace = await join("ada"), await join("grace")
    slug = (await ada.post("/api/articles", json=article("A"))).json()["article"]["slug"]
    other = (await ada.post("/api/articles", json=article("B"))).json()["article"]["slug"]
    url = f"/api/articles/{slug}/comments"
    made = await grace.post(url, json={"comment": {"body": "Well."}})
    assert made.status_code == 201, made.text
    found = made.json()["comment"]
    assert (found["body"], found["author"]["username"]) == ("Well.", "grace")
    assert MOMENT.fullmatch(found["createdAt"])
    second = (await ada.post(url, json={"comment": {"body": "Thanks."}})).json()["comment"]
    assert (await client.get(url)).json() == {"comments": [found, second]}
    blank = await ada.post(url, json={"comment": {"body": ""}})
    assert (blank.status_code, blank.json()) == (422, {"errors": {"body": ["can't be blank"]}})

    forbidden = await ada.delete(f"{url}/{found['id']}")
    assert (forbidden.status_code, forbidden.json()) == (403, {"errors": {"comment": ["forbidden"]}})
    for wrong in (f"{url}/99999", f"/api/articles/{other}/comments/{found['id']}"):
        unknown = await grace.delete(wrong)
        assert (unknown.status_code, unknown.json()) == (404, {"errors": {"comment": ["not found"]}})
    assert (await grace.delete(f"{url}/{found['id']}")).status_code == 204
    assert (await client.get(url)).json() == {"comments": [second]}


async def test_who_may_not_or_names_what_is_not_there_is_told_so(client: httpx.AsyncClient, join: Join) -> None:
    ada, grace = await join("ada"), await join("grace")
    slug = (await ada.post("/api/articles", json=article("A"))).json()["article"]["slug"]
    change = {"article": {"body": "x"}}
    for method in ("PUT", "DELETE"):
        refused = await grace.request(method, f"/api/articles/{slug}", json=change)
        assert (refused.status_code, refused.json()) == (403, {"errors": {"article": ["forbidden"]}})
    writes = [("PUT", ""), ("DELETE", ""), ("POST", "/favorite"), ("DELETE", "/favorite"), ("POST", "/comments")]
    for method, path in writes:
        body = {"comment": {"body": "x"}} if path == "/comments" else change
        unknown = await ada.request(method, f"/api/articles/unknown{path}", json=body)
        assert (unknown.status_code, unknown.json()) == (404, NOT_FOUND), (method, path)
        nobody = await client.request(method, f"/api/articles/{slug}{path}", json=body)
        assert (nobody.status_code, nobody.json()) == (401, {"errors": {"token": ["is missing"]}})
    assert (await client.get("/api/articles/unknown/comments")).json() == NOT_FOUND
    for method, path in (("GET", "/feed"), ("POST", ""), ("DELETE", f"/{slug}/comments/1")):
        nobody = await client.request(method, f"/api/articles{path}", json=article("A"))
        assert (nobody.status_code, nobody.json()) == (401, {"errors": {"token": ["is missing"]}})
