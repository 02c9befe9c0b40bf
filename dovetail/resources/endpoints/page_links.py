"""The addresses of other pages and of single objects."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection


def list_url(connection: HTTPConnection) -> str:
    """Return the URL of the list that is asked for, without a query string."""
    return f"{_base(connection)}{_path(connection)}"


def page_query(values: Mapping[str, str], **changes: str) -> str:
    """Return the query string of another page of a list: the parameters of this one with `changes`."""
    return urlencode({**values, **changes})


def cursor_url(list_url: str, values: Mapping[str, str], cursor: str) -> str:
    """Return the URL of the page at a cursor, which stands last: what is before it is the same for all such pages."""
    others = tuple([pair for pair in values.items() if pair[0] != "cursor"])
    before = f"{_encoded(others)}&" if others else ""
    return f"{list_url}?{before}cursor={cursor}"


def link_header(next_url: str | None, previous_url: str | None) -> tuple[tuple[bytes, bytes], ...]:
    """Return the Link header with the neighbours of a page (RFC 8288)."""
    links = [f'<{url}>; rel="{name}"' for url, name in ((next_url, "next"), (previous_url, "prev")) if url]
    return ((b"link", ", ".join(links).encode("latin-1")),) if links else ()


def _base(connection: HTTPConnection) -> str:
    scope = connection.scope
    hosts = tuple([header for header in scope["headers"] if header[0] == b"host"])
    server = scope.get("server")
    return _base_of(scope.get("scheme", "http"), None if server is None else tuple(server), hosts)


@lru_cache(maxsize=100)
def _base_of(scheme: str, server: tuple[str, int | None] | None, headers: tuple[tuple[bytes, bytes], ...]) -> str:
    # Starlette takes its time to find out what is the same for nearly every request.
    scope = {"type": "http", "scheme": scheme, "server": server, "headers": headers, "path": "/", "query_string": b""}
    url = HTTPConnection(scope).base_url
    return f"{url.scheme}://{url.netloc}"


def _path(connection: HTTPConnection) -> str:
    # Quoted again: Starlette keeps the path decoded, and a tag named "100%" would break the link.
    return _quoted(connection.scope["path"])


# Most requests are for the same few pages.
_quoted = lru_cache(maxsize=100)(quote)
_encoded = lru_cache(maxsize=100)(urlencode)
