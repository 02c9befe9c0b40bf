"""Validators of text in requests and of names in settings; all are plain functions that raise ValueError.

Origins are web origins (RFC 6454, section 6.1) as browsers write them into `Origin`. Proxies are addresses, networks, a
Unix socket, or everybody.
"""

import re
import unicodedata
from ipaddress import ip_network
from urllib.parse import SplitResult, urlsplit

from dovetail.errors import quoted

# Unicode's normalisation takes quadratic time for a letter with many marks: 80,000 of them stop a process for seconds,
# 2,000 for 3 ms. (https://unicode.org/reports/tr15/, section 13: a stream-safe text has at most 30 marks in a row)
LONGEST_NORMALIZED = 2_000  # characters

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", "testserver"})
ANY = "*"
UNIX_SOCKET = "unix"  # stands for a peer without an address
# A scheme, a host in lower case, perhaps a port; `capacitor://localhost` is one too.
ORIGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:\[[0-9a-f:]+\]|[^\s/?#@\[\]:*,]+)(?::(?P<port>[0-9]{1,5}))?")
DEFAULT_PORTS = {"http": "80", "https": "443"}  # a browser leaves them out
LOCALHOST = "localhost"
# A domain in lower case with a dot in it, not an address of numbers.
DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
ANDROID = re.compile(r"android:apk-key-hash:[A-Za-z0-9_-]{43}")  # an app, as Android writes it
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


def normalize(text: str, *, maximum: int) -> str:
    """Return `text` in Unicode's form NFKC.

    Raise ValueError, before it does any work, for more than `maximum` characters, and TypeError for a `maximum` above
    `LONGEST_NORMALIZED`.
    """
    if maximum > LONGEST_NORMALIZED:
        raise TypeError(f"the limit is {maximum}, expected {LONGEST_NORMALIZED} or less: normalising takes too long")
    if len(text) > maximum:
        raise ValueError(f"the text has {len(text)} characters, expected {maximum} or fewer")
    return unicodedata.normalize("NFKC", text)


def clean_name(text: str, *, maximum: int) -> str:
    """Return a name that a user gives to something, as it is stored: in form NFKC, on one line, with single spaces.

    Raise ValueError for an empty name, for more than `maximum` characters before or after, and for unprintable ones.
    """
    name = " ".join(normalize(text, maximum=maximum).split())
    if not (0 < len(name) <= maximum and name.isprintable()):  # one character may become eighteen
        raise ValueError(f"expected a name of 1 to {maximum} characters, on one line")
    return name


def check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the origins in lower case. Raise ValueError for what no browser would send, or a `*` beside others."""
    if ANY in origins and len(origins) > 1:
        raise ValueError("'*' is every origin; name it alone, or name origins without it")
    return origins if origins == (ANY,) else tuple(_check_origin(origin) for origin in origins)


def check_methods(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the methods in capitals. Raise ValueError as `check_tokens` does."""
    return tuple(name.upper() for name in check_tokens(names))


def check_tokens(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of methods or headers. Raise ValueError for one that cannot stand in a header."""
    for name in names:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"expected names of letters, digits and -, or '*', found {name[:50]!r}")
    return names


def check_proxies(proxies: tuple[str, ...]) -> tuple[str, ...]:
    """Return the proxies. Raise ValueError for what no peer could be, or a `*` beside others."""
    if ANY in proxies and len(proxies) > 1:
        raise ValueError("'*' is everybody; name it alone, or name proxies without it")
    for proxy in proxies:
        if proxy not in (ANY, UNIX_SOCKET):
            _check_network(proxy)
    return proxies


def check_rp_id(text: str) -> str:
    """Return the domain. Raise ValueError for what is none."""
    if text and text != LOCALHOST and not DOMAIN.fullmatch(text):
        raise ValueError(f"expected a domain in lower case such as example.org, without https://, found {text[:50]!r}")
    return text


def check_passkey_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the origins of pages and Android apps. Raise ValueError for what is none, or may not use passkeys."""
    pages = tuple(origin for origin in origins if not ANDROID.fullmatch(origin))
    for origin in pages:
        parts = urlsplit(origin)
        if not ORIGIN.fullmatch(origin) or (parts.scheme != "https" and parts.hostname != LOCALHOST):
            raise ValueError(f"expected origins such as https://example.org, found {quoted(origin)}")
    check_origins(pages)
    return origins


def check_origins_fit(rp_id: str, origins: tuple[str, ...]) -> None:
    """Raise ValueError for a page that is not of the domain which passkeys are made for."""
    domain = rp_id or LOCALHOST
    for origin in origins:
        host = urlsplit(origin).hostname or ""
        if not ANDROID.fullmatch(origin) and host != domain and not host.endswith(f".{domain}"):
            raise ValueError(
                f"AUTH_PASSKEY_ORIGINS has {quoted(origin)}, which is no page of AUTH_PASSKEY_RP_ID, {quoted(domain)}; "
                "browsers would refuse passkeys there"
            )


def check_zone(name: str) -> str:
    """Return the name of a time zone of the IANA database. Raise ValueError for what is none."""
    from zoneinfo import ZoneInfo  # here: most commands show no times

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"expected a time zone such as Europe/Berlin, found {name[:50]!r}") from None
    return name


def split_url(text: str) -> SplitResult:
    """Return the parts of a URL that a client sent; they are empty for one that cannot be read, such as `http://[`."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def is_local(host: str | None) -> bool:
    """Return whether a host is this machine; an empty host or a path means a Unix socket."""
    return not host or host.lower() in LOCAL_HOSTS or host.startswith("/")


def _check_origin(origin: str) -> str:
    found = ORIGIN.fullmatch(origin.lower())
    if found is None:
        raise ValueError(f"expected origins such as https://app.example.com, without a path, found {quoted(origin)}")
    if found["port"] is not None and found["port"] == DEFAULT_PORTS.get(found["scheme"]):
        raise ValueError(f"a browser leaves the port out of {quoted(origin)}; leave it out too")
    return origin.lower()


def _check_network(text: str) -> None:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(
            f"expected addresses, networks such as 10.0.0.0/8, 'unix' or '*', found {text[:50]!r}"
        ) from None
