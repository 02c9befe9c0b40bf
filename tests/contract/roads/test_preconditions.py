"""If-Match, If-None-Match and Idempotency-Key: a conversation goes the same way on both roads."""

import json

import pytest

from tests.contract.roads.asgi import Headers, Record, Request
from tests.contract.roads.callers import NOBODY, OTHER, OWNER, STAFF
from tests.contract.roads.operations import JSON
from tests.contract.roads.site import Road, Roads

STALE = '"0123456789abcdef-0123456789abcdef"'


async def ask(
    road: Road, method: str, target: str, caller: Headers = OWNER, body: object = None, **more: str
) -> Record:
    """Send a request; `more` are headers, with their dashes as underscores."""
    headers = caller + tuple((name.replace("_", "-").encode(), value.encode()) for name, value in more.items())
    parts = () if body is None else (json.dumps(body).encode(),)
    headers = headers if body is None else (*JSON, *headers)
    return await road.send(Request(name=f"{more}", method=method, target=target, headers=headers, parts=parts))


def conditions(tag: str, sparse: str) -> tuple[str, ...]:
    """What a client may send for If-Match; the first ones hold."""
    version = tag.strip('"').partition("-")[0]
    holding = (tag, sparse, "*", f'"x", {tag}', f"{tag},*", f'"{version}-other"', version)
    return (*holding, f"W/{tag}", STALE, '"x"', "", ",", '"', tag.upper(), f'"{version[1:]}-x"')


async def test_if_match_holds_or_not_alike(roads: Roads):
    items = {
        "/api/products/plain": {"name": "Product plain", "price": 3, "vendor_id": 1},
        "/api/posts/2": {"title": "Again"},
        "/api/crates/1": {"content": "x"},
        "/api/notes/1": {"text": "x"},
        "/api/loans/1": {"borrower": "x"},
    }

    async def drive(road: Road) -> None:
        for path, body in items.items():
            for number in range(len(conditions("", ""))):
                tag = (await ask(road, "GET", path)).header("etag")
                sparse = (await ask(road, "GET", f"{path}?fields=id")).header("etag") or tag
                for method in ("PATCH", "PUT") if number % 2 else ("PATCH",):
                    changed = body | {"name": f"n{number}"} if "name" in body else body
                    await ask(road, method, path, body=changed, if_match=conditions(tag, sparse)[number])
            await ask(road, "PATCH", path, body=body)
            await ask(road, "PATCH", path, body={}, if_match="*")
            await ask(road, "PATCH", path, OTHER, body=body, if_match="*")
            await ask(road, "PATCH", path, NOBODY, body=body, if_match=STALE)

    found = await roads.play(drive)
    await roads.compare_rows()
    assert {200, 401, 403, 412, 428} <= {record.status for record in found}


async def test_if_match_guards_what_is_deleted_alike(roads: Roads):
    async def drive(road: Road) -> None:
        for name, first in (("products/spare-", 101), ("posts/", 101), ("crates/", 101)):
            for number in range(len(conditions("", ""))):
                path = f"/api/{name}{first + number}"
                tag = (await ask(road, "GET", path)).header("etag")
                await ask(road, "DELETE", path, OTHER, if_match=tag)
                await ask(road, "DELETE", path, if_match=conditions(tag, tag)[number])
                await ask(road, "DELETE", path)
                await ask(road, "GET", path)

    found = await roads.play(drive)
    await roads.compare_rows()
    assert {204, 404, 412, 428} <= {record.status for record in found}


@pytest.mark.parametrize(("tags", "status"), [((b'"x"', b"*"), 200), ((b"*", b'"x"'), 200), ((b'"x"', b'"y"'), 412)])
async def test_two_lines_of_a_list_of_tags_mean_what_one_does(roads: Roads, tags: tuple[bytes, bytes], status: int):
    headers = (*JSON, *OWNER, *((b"if-match", tag) for tag in tags))
    for path, body in {"/api/posts/2": b"{}", "/api/crates/1": b'{"content": "x"}'}.items():
        request = Request(name="two", method="PATCH", target=path, headers=headers, parts=(body,))
        (found,) = await roads.compare([request])
        assert found.status == status, found


async def test_what_is_known_is_not_sent_again_alike(roads: Roads):
    paths = ("/api/products/plain", "/api/posts/1", "/api/posts/1?fields=id", "/api/notes/1", "/api/labels/1")

    async def drive(road: Road) -> None:
        for path in paths:
            for caller in (NOBODY, OWNER, STAFF):
                tag = (await ask(road, "GET", path, caller)).header("etag")
                for value in (tag, f"W/{tag}", f'"x", {tag}', "*", STALE, "", tag.strip('"')):
                    await ask(road, "GET", path, caller, if_none_match=value)
                await ask(road, "HEAD", path, caller, if_none_match=tag)
                await ask(road, "GET", path, OTHER, if_none_match=tag)  # another's answer has another digest
            await ask(road, "PATCH", path.partition("?")[0], body={}, if_none_match="*")

    found = await roads.play(drive)
    assert sum(record.status == 304 for record in found) > 40


async def test_a_key_makes_a_post_happen_once_alike(roads: Roads):
    product = {"sku": "once", "name": "Once", "price": "1", "vendor_id": 1}
    makes = (
        ("/api/products", product, product | {"name": "Other"}),
        ("/api/posts", {"title": "Once", "content": "x"}, {"title": "Other", "content": "x"}),
        ("/api/posts/1/comments", {"content": "Once"}, {"content": "Other"}),
        ("/api/notes", {"text": "once"}, {"text": "no!"}),
        ("/api/posts/bulk", {"items": [{"title": "Once", "content": "x"}]}, {"items": []}),
        ("/api/stamps", {"motif": "once"}, {"motif": "other"}),
    )

    async def drive(road: Road) -> None:
        for path, body, other in makes:
            key = f"k {path}"
            for sent in (body, body, other):
                await ask(road, "POST", path, body=sent, idempotency_key=key)
            for caller in (OTHER, NOBODY, STAFF):
                await ask(road, "POST", path, caller, body=body, idempotency_key=key)
            await ask(road, "POST", path, body=other, idempotency_key=f"again {path}")
            await ask(road, "POST", path, body=body, idempotency_key=f"again {path}")
            for odd in ("", "x" * 300, "\t", key + ",k"):
                await ask(road, "POST", path, body=body, idempotency_key=odd)
        await ask(road, "PATCH", "/api/posts/2", body={"title": "x"}, idempotency_key="k")
        await ask(road, "DELETE", "/api/posts/101", idempotency_key="k")
        await ask(road, "DELETE", "/api/posts/101", idempotency_key="k")

    found = await roads.play(drive)
    await roads.compare_rows()
    assert sum(record.header("idempotency-replayed") == "true" for record in found) >= 5
