"""Every operation of the site, the library and the shop, with a request that it takes.

Who adds an operation to one of them adds a body here, if it reads one.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute

from dovetail.api.fastapi_private import RouteContext, routes_of
from tests.contract.roads.asgi import Headers, Request
from tests.contract.roads.site import SPARE

Json: TypeAlias = Any
JSON: Headers = ((b"content-type", b"application/json"),)
LEFT_OUT = (
    "/api/auth/",
    "/debug/",
    "/health/ready",
    "/api/users/me/pending-email",
)  # no road but FastAPI's, and work or tokens of theirs
LIBRARYS = tuple(f"/api/{name}" for name in ("books", "loud", "found", "genre", "loan", "novel"))
KEYS = {
    "post_id": "2",
    "comment_id": "3",
    "book_id": "1",
    "loan_id": "1",
    "loud_book_id": "1",
    "found_book_id": "1",
    "novel_id": "1",
    "genre_id": "1",
    "crate_id": "1",
    "note_id": "1",
    "label_id": "1",
    "vendor_id": "2",
    "product_id": "plain",
    "stamp_id": "00000000-0000-0000-0000-000000000001",
    "tag_id": "1",
    "user_id": "2",
    "group_id": "1",
    "name": "a/b",
    "model": "blog.post",
    "object_key": "2",
    "change_id": "1",
}


def _bodies(number: int) -> dict[str, Json]:
    product = {
        "sku": f"sku?{number} %",
        "name": f"Made {number}",
        "price": "1.50",
        "vendor_id": 1,
        "labels": ["new", "hot"],
    }
    replaced = {"name": f"Replaced {number}", "price": 2, "vendor_id": 1}
    book = {"title": f"Book {number}", "author_id": 1, "pages": 3}
    novel = {"title": f"Novel {number}", "author_id": 1, "genres": ["Prose", "Odd"]}
    user = {"username": f"new{number}", "email": f"new{number}@example.org"}
    return {
        "create_post": {"title": f"Made {number}", "content": "x", "is_published": True, "tags": ["python", "new"]},
        "update_post": {"title": f"Changed {number}", "tags": ["python"]},
        "bulk_create_posts": {"items": [{"title": "One", "content": "x"}, {"title": "Two", "content": "y"}]},
        "bulk_update_posts": {"items": [{"id": 1, "title": f"Bulk {number}"}]},
        "attach_tag": {"name": "new"},
        "create_comment": {"content": f"Made {number}"},
        "update_comment": {"content": f"Changed {number}"},
        "create_user": user,
        "update_user": {"full_name": f"Name {number}"},
        "create_group": {"name": f"Made {number}", "permissions": ["blog.view_post"]},
        "update_group": {"name": f"Changed {number}", "permissions": ["blog.view_post", "blog.add_tag"]},
        "set_user_permissions": {"groups": [f"spare {100 + SPARE}"], "permissions": ["blog.view_post"]},
        "create_product": product,
        "update_product": {"price": f"{number % 90}.25", "labels": ["closed", "new"]},
        "replace_product": replaced,
        "bulk_create_products": {"items": [product]},
        "bulk_update_products": {"items": [{"sku": "plain", "stock": number}]},
        "create_crate": {"content": f"Made {number}"},
        "update_crate": {"content": f"Changed {number}"},
        "replace_crate": {"content": f"Replaced {number}"},
        "bulk_create_crates": {"items": [{"content": "x"}]},
        "bulk_update_crates": {"items": [{"id": 1, "content": "y"}]},
        "create_note": {"text": f" Made {number} "},
        "update_note": {"text": f"Changed {number}"},
        "bulk_create_notes": {"items": [{"text": "x"}]},
        "bulk_update_notes": {"items": [{"id": 1, "text": "swap"}]},
        "create_label": {"name": f"label {number}"},
        "update_label": {"name": f"changed {number}"},
        "bulk_create_labels": {"items": [{"name": f"bulk {number}"}]},
        "bulk_update_labels": {"items": [{"id": 2, "name": f"bulk {number}"}]},
        "create_stamp": {"motif": f"made {number}"},
        "update_stamp": {"motif": f"changed {number}"},
        "bulk_create_stamps": {"items": [{"motif": f"bulk {number}"}]},
        "bulk_update_stamps": {"items": [{"code": KEYS["stamp_id"], "motif": f"bulk {number}"}]},
        "create_book": book,
        "update_book": {"title": f"Changed {number}"},
        "replace_book": book,
        "bulk_create_books": {"items": [book]},
        "bulk_update_books": {"items": [{"id": 1, "pages": 9}]},
        "create_loan": {"borrower": "Ada"},
        "update_loan": {"borrower": "Eve"},
        "bulk_create_loans": {"items": [{"borrower": "Ada"}]},
        "bulk_update_loans": {"items": [{"id": 1, "borrower": "Eve"}]},
        "create_novel": novel,
        "update_novel": {"genres": ["Prose"], "price": "3.50"},
        "bulk_create_novels": {"items": [novel]},
        "bulk_update_novels": {"items": [{"id": 1, "title": f"Bulk {number}"}]},
    }


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str
    has_body: bool

    @property
    def is_librarys(self) -> bool:
        """The library knows nothing of tokens; a header says who its viewer is."""
        return self.path.startswith(LIBRARYS)


class Catalogue:
    """The operations of an application, and requests for them that a pair of fresh databases takes.

    Each request has other values, and each that removes something a row that nobody else needs.
    """

    def __init__(self, app: FastAPI) -> None:
        self.operations = tuple(_operations(app))
        self._numbers, self._spares = count(1), defaultdict[str, Iterator[int]](count)

    def named(self, *names: str) -> list[Operation]:
        return [one for one in self.operations if one.name in names]

    def request(self, operation: Operation, name: str, headers: Headers = (), **changes: Any) -> Request:
        """A request that is right but for `changes`; `headers` name the type of a body that is among these."""
        options: dict[str, Any] = {"target": self.target(operation), "headers": headers}
        if operation.has_body and "parts" not in changes:
            options |= {"headers": (*JSON, *headers), "parts": (self.body(operation),)}
        return Request(name=f"{operation.name}, {name}", method=operation.method, **options | changes)

    def body(self, operation: Operation) -> bytes:
        return json.dumps(_bodies(next(self._numbers))[operation.name]).encode()

    def target(self, operation: Operation) -> str:
        path, is_delete = operation.path, operation.method == "DELETE"
        if path.endswith("/bulk"):
            return f"{path}?ids={self._spare(operation.name)}" if is_delete else path
        keys = KEYS | ({"name": "Prose"} if "genres" in path else {})
        if is_delete:
            last = path.rpartition("{")[2].partition("}")[0]
            keys[last] = self._spare(last)
        return path.format(**{name: quote(value) for name, value in keys.items()})

    def _spare(self, key: str) -> str:
        used = next(self._spares[key])
        assert used < SPARE // 2, f"{used} rows were removed as {key}, and there are no more: see SPARE"
        number = 101 + used + (SPARE // 2 if key.startswith("bulk_") else 0)
        if key in {"product_id", "bulk_delete_products"}:
            return f"spare-{number}"
        if key in {"stamp_id", "bulk_delete_stamps"}:
            return f"00000000-0000-0000-0000-{number:012x}"
        others = {"tag_id": "1", "user_id": str(number - 90), "vendor_id": "3"}
        return others.get(key, str(number))


def _operations(app: FastAPI) -> Iterator[Operation]:
    """The operations of the OpenAPI document, in its order; their routes tell of them without making all of it."""
    routes: dict[str, list[RouteContext]] = {}
    for route in routes_of(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            routes.setdefault(route.path_format, []).append(route)
    for path, several in routes.items():
        if path.startswith(LEFT_OUT) or path == "/api/users/me":
            continue
        for route in several:
            for method in route.methods or ():
                yield Operation(route.operation_id or route.unique_id, method, path, route.body_field is not None)
