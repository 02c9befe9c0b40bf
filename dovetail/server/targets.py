"""Targets of request lines besides paths: addresses of the host that the request names (RFC 9112, section 3.2)."""

from collections.abc import Iterable

from dovetail.middleware.headers import Pair

SCHEMES = frozenset({b"http", b"https"})


def names_its_host(target: bytes, headers: Iterable[Pair]) -> bool:
    """Return whether a target with a scheme and a host names that of the Host header; True for any other target."""
    scheme, separator, rest = target.partition(b"://")
    if not separator:
        return True
    authority = rest.partition(b"/")[0].partition(b"?")[0].lower()
    hosts = [value.lower() for name, value in headers if name == b"host"]
    return scheme.lower() in SCHEMES and hosts == [authority]
