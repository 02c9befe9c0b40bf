"""Whatever stands in an address or a header, both roads read it alike."""

from itertools import product
from urllib.parse import quote

from tests.contract.roads.asgi import Headers, Request
from tests.contract.roads.callers import NOBODY, OTHER, OWNER, STAFF, viewer
from tests.contract.roads.operations import Catalogue
from tests.contract.roads.site import SKUS, Roads

OWN = OWNER + viewer(1)
LISTS = {
    "/api/posts": (NOBODY, OWNER),
    "/api/tags/python/posts": (OTHER,),
    "/api/products": (OTHER, STAFF),
    "/api/books": (viewer(1),),
}
OTHER_LISTS = {
    "/api/posts": (STAFF,),
    "/api/products": (NOBODY,),
    "/api/books": (NOBODY,),
    "/api/tags/a/b/posts": (NOBODY,),
    "/api/posts/1/comments": (OTHER,),
    "/api/products/of/mine": (NOBODY, OWNER),
    "/api/products/in/stock": (OTHER,),
    "/api/labels/a/b/products": (NOBODY, OWNER),
    "/api/notes": (OWNER,),
    "/api/crates": (NOBODY, OWNER, OTHER),
    "/api/vendors": (OWNER, STAFF),
    "/api/users": (OWNER, STAFF),
}
USUAL_QUERIES = ("", "limit=2&offset=1", "count=true", "cursor=&limit=1", "fields=id", "ordering=-id", "limit=x", "a=1")
QUERIES = (
    *("limit=1", "offset=9999", "limit=0", "limit=101", "limit=-1", "limit=1&limit=2", "limit", "limit=%31", "LIMIT=1"),
    *(
        "count=capped&limit=1",
        "count=maybe",
        "cursor=forged",
        "cursor=&offset=1",
        "fields=id,name,title,sku",
        "fields=",
    ),
    *("fields=secret", "fields=cost", "fields=author.username", "ordering=sku", "ordering=-created_at,id"),
    *("ordering=cost", "ordering=nothing", "ordering=", "ordering=id,id", "search=post", "search=%22", "search="),
    *("search=%00", "name=x", "name__in=a,b", "name__icontains=%25", "cost=7", "labels__name=new", "tags__name="),
    *("labels__name=closed", "tags__name=draft%20only", "author_id=1", "author_id=x", "author_id=9223372036854775808"),
    *("is_published=true", "is_published=2", "created_at__gte=2024-05-06T08:00:00Z", "created_at__lte=yesterday"),
    *("price__gte=1e400", "price__lte=9.90", "=1", "&&", "title=%FF", "title=%ED%A0%80", "a=b;c=d", "expand=reviews"),
    *("title__icontains=" + "x" * 500, "&".join(f"a{number}=1" for number in range(101))),
)
KEYS = (
    *("1", "3", "999", "0", "-1", "+1", "01", "1.0", "1e3", "%31", "%201", "1%20", "1%0A", "1%2F", "1%00", "%FF", "x"),
    *("9223372036854775807", "9223372036854775808", "9" * 5000, "%D9%A1", "1/", "1//", "1;a", "1%3Ffields=id", "bulk"),
    *("1?fields=id", "1?fields=nothing", "1?nothing=1", "1?", "1?fields=id&fields=title", "1?expand=reviews", "null"),
)
# One name in several forms, and texts that are none.
NAMES = (
    "PYTHON",
    "%20python%20",
    "u%CC%88ni%CC%88",
    "%C3%9CN%C3%8F",
    "a%2Fb",
    "a/b",
    "x" * 300,
    "%E2%80%8B",
    "",
    "%F0%9F",
)
METHODS = ("HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "get", "QUERY")
PATHS = (
    *("/api/posts/", "/api//posts", "//api/posts", "/API/posts", "/api/posts/1/", "/api/posts/1//", "/api/./posts/1"),
    *(
        "/api/tags/../posts/1",
        "/api/%70osts/1",
        "/api%2Fposts%2F1",
        "/api/posts%3Flimit=1",
        "/api/posts/1#x",
        "/nothing",
    ),
    *(
        "/api/products/%2e%2e",
        "/api/labels/a%2Fb/products",
        "/api/labels//products",
        "/api/tags/a/b/posts",
        "/",
        "/api",
    ),
    *("/api/tags/100%25/posts", "/api/tags/%C3%BCn%C3%AF/posts?limit=1", "/api/tags/PYTHON/posts", "/api/tags/x/posts"),
    *("/api/tags/draft%20only/posts", "/api/labels/closed/products", "/health/live", "/api/posts/3/comments"),
)
HEADERS: dict[str, Headers] = {
    "any tag": ((b"if-none-match", b"*"),),
    "tags": ((b"if-none-match", b'W/"other", "another"'),),
    "two tags": ((b"if-none-match", b'"a"'), (b"if-none-match", b"*")),
    "since": ((b"if-modified-since", b"Fri, 01 Jan 2100 00:00:00 GMT"),),
    "range": ((b"range", b"bytes=0-3"),),
    "accept": ((b"accept", b"text/html"), (b"accept-encoding", b"gzip, br"), (b"accept-language", b"de")),
    "friend": ((b"origin", b"https://friend.example"),),
    "stranger": ((b"origin", b"https://elsewhere.example"),),
    "preflight": ((b"origin", b"https://friend.example"), (b"access-control-request-method", b"PATCH")),
    "scheme": ((b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"10.0.0.1")),
    "host forwarded": ((b"x-forwarded-host", b"elsewhere.example"), (b"x-forwarded-prefix", b"/p")),
    "other host": ((b"host", b"elsewhere.example:8001"),),
    "no host": ((b"host", b""),),
    "host and port": ((b"host", b"localhost:8001"),),
    "an id": ((b"x-request-id", b"mine"),),
    "no id": ((b"x-request-id", b"not\xffgood"),),
    "method": ((b"x-http-method-override", b"DELETE"),),
    "json": ((b"content-type", b"application/json"),),
    "once": ((b"idempotency-key", b"k"),),
    "cookie": ((b"cookie", b"session=x"),),
    "precondition": ((b"if-match", b'"x"'),),
    "expect": ((b"expect", b"100-continue"), (b"upgrade", b"h2c"), (b"connection", b"close")),
}


def asked(target: str, headers: Headers = NOBODY, method: str = "GET", **options: object) -> Request:
    return Request(name=method, method=method, target=target, headers=headers, **options)


async def test_every_query_of_every_list_is_answered_alike(roads: Roads):
    found = await roads.compare(
        asked(f"{path}?{query}", caller)
        for lists, queries in ((LISTS, (*USUAL_QUERIES, *QUERIES)), (OTHER_LISTS, USUAL_QUERIES))
        for path, callers in lists.items()
        for query, caller in product(queries, callers)
    )
    assert {record.status for record in found} == {200, 400, 401, 403, 422}


async def test_pages_lead_on_alike(roads: Roads):
    async def walk(road):
        for path, callers in (LISTS | OTHER_LISTS).items():
            for query, caller in product(("limit=3&cursor=", "limit=5&count=true"), callers):
                target = f"{path}?{query}"
                for _ in range(3):
                    answer = await road.send(asked(target, caller))
                    link = answer.header("link")
                    if 'rel="next"' not in link:
                        break
                    target = link.partition(">")[0].removeprefix("<http://testserver")
                if 'rel="prev"' in link:
                    back = link.rpartition("<")[2].partition(">")[0].removeprefix("http://testserver")
                    await road.send(asked(back, caller))

    found = await roads.play(walk)
    assert sum(record.status == 200 for record in found) > 70


async def test_every_key_is_read_alike(roads: Roads):
    texts = [f"/api/products/{quote(sku, safe='')}" for sku in SKUS] + [f"/api/products/{quote(sku)}" for sku in SKUS]
    codes = ("00000000-0000-0000-0000-000000000001", "00000000000000000000000000000001", "{0}", "x", "urn:uuid:1", "1")
    numbered = {"/api/posts": (NOBODY, OTHER), "/api/books": (viewer(1),), "/api/notes": (OWN,)}
    requests = [asked(f"{path}/{key}", one) for path, callers in numbered.items() for key in KEYS for one in callers]
    requests += [asked(f"/api/posts/{key}", OTHER, method) for key in KEYS for method in ("PATCH", "DELETE")]
    below = ("/api/vendors/{}/products", "/api/posts/{}/comments", "/api/tags/{}/posts")
    requests += [
        asked(path.format(key.partition("?")[0]), OTHER) for path in below for key in (*KEYS, "2", "4", *NAMES)
    ]
    requests += [asked(target, OTHER, method) for target in texts for method in ("GET", "DELETE")]
    requests += [asked(f"/api/stamps/{quote(key)}", method=method) for key in codes for method in ("GET", "DELETE")]
    found = await roads.compare(requests)
    await roads.compare_rows()
    assert {record.status for record in found} >= {200, 204, 307, 403, 404, 405, 422}


async def test_every_method_and_path_is_answered_alike(roads: Roads):
    paths = ("/api/posts", "/api/posts/1", "/api/tags/python/posts", "/api/labels/1", "/health/live", "/api/crates/1")
    requests = [asked(path, caller, method) for path in paths for method in METHODS for caller in (NOBODY, OWN)]
    requests += [asked(path, caller) for path in PATHS for caller in (NOBODY, OWN)]
    requests += [asked(path, OWN, method) for path in PATHS for method in ("HEAD", "PATCH", "DELETE", "POST")]
    found = await roads.compare(requests)
    await roads.compare_rows()
    assert {one.status for one in found if one.request.method == "TRACE"} == {405}


async def test_every_header_means_the_same(roads: Roads):
    paths = ("/api/posts/1", "/api/posts?limit=1", "/api/products/plain", "/api/tags/python/posts?limit=1")
    requests = [asked(path, caller + more) for path in paths for more in HEADERS.values() for caller in (NOBODY, OWN)]
    for client in (("10.1.2.3", 80), None):
        requests += [asked(path, more, client=client) for path in paths[:2] for more in HEADERS.values()]
    requests += [asked(path, has_id=False) for path in (*paths, "/api/crates/1")]
    requests += [asked("/api/posts", more, method="OPTIONS") for more in HEADERS.values()]
    found = await roads.compare(requests)
    assert {record.status for record in found} == {200, 204, 304, 400, 401}


async def test_a_prefix_is_read_alike(roads: Roads):
    catalogue = Catalogue(roads.fast.app)
    names = ("get_post", "list_posts", "list_tag_posts", "create_post", "update_product")
    found = []
    for prefix in ("/site", "/api", "/sïte"):
        found += await roads.compare(
            catalogue.request(operation, prefix, OWN, root_path=prefix, target=before + catalogue.target(operation))
            for operation in catalogue.named(*names)
            for before in (quote(prefix), "")
        )
    await roads.compare_rows()
    assert {record.status for record in found} == {200, 201, 404}
