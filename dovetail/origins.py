"""Web origins (RFC 6454, section 6.1) as browsers write them into `Origin`, for the settings that name some."""

import re

ANY = "*"
# A scheme, a host in lower case, perhaps a port; `capacitor://localhost` is one too.
ORIGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:\[[0-9a-f:]+\]|[^\s/?#@\[\]:*,]+)(?::(?P<port>[0-9]{1,5}))?")
DEFAULT_PORTS = {"http": "80", "https": "443"}  # a browser leaves them out
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


def check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the origins in lower case. Raises ValueError for what no browser would send, or a `*` beside others."""
    if ANY in origins and len(origins) > 1:
        raise ValueError("'*' is every origin; name it alone, or name origins without it")
    return origins if origins == (ANY,) else tuple(_check_origin(origin) for origin in origins)


def check_tokens(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of methods or headers. Raises ValueError for one that cannot stand in a header."""
    for name in names:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"expected names of letters, digits and -, or '*', found {name[:50]!r}")
    return names


def check_methods(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the methods in capitals. Raises ValueError as `check_tokens` does."""
    return tuple(name.upper() for name in check_tokens(names))


def _check_origin(origin: str) -> str:
    found = ORIGIN.fullmatch(origin.lower())
    if found is None:
        raise ValueError(f"expected origins such as https://app.example.com, without a path, found {origin[:50]!r}")
    if found["port"] is not None and found["port"] == DEFAULT_PORTS.get(found["scheme"]):
        raise ValueError(f"a browser leaves the port out of {origin[:50]!r}; leave it out too")
    return origin.lower()
