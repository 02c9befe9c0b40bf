"""The addresses of other pages and of single objects."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection


def page_url(connection: HTTPConnection, values: Mapping[str, str], **changes: str) -> str:
    """The address of another page of the same list: all that was asked for, but for `changes`."""
    return f"{_base(connection)}{_path(connection)}?{urlencode({**values, **changes})}"


def link_header(next_url: str | None, previous_url: str | None) -> dict[str, str]:
    """The neighbours as a header (RFC 8288)."""
    links = [f'<{url}>; rel="{name}"' for url, name in ((next_url, "next"), (previous_url, "prev")) if url]
    return {"Link": ", ".join(links)} if links else {}


def _base(connection: HTTPConnection) -> str:
    url = connection.base_url
    return f"{url.scheme}://{url.netloc}"


def _path(connection: HTTPConnection) -> str:
    # Quoted anew: Starlette keeps the path as decoded text, and a tag named "100%" would break the link.
    return quote(connection.scope["path"])
