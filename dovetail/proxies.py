"""Whom the settings may name as a proxy: an address, a network, a Unix socket, or everybody."""

from ipaddress import ip_network

ANY = "*"
UNIX_SOCKET = "unix"  # the peer that has no address


def check_proxies(proxies: tuple[str, ...]) -> tuple[str, ...]:
    """Return the proxies. Raises ValueError for what no peer could be, or a `*` beside others."""
    if ANY in proxies and len(proxies) > 1:
        raise ValueError("'*' is everybody; name it alone, or name proxies without it")
    for proxy in proxies:
        if proxy not in (ANY, UNIX_SOCKET):
            _check_network(proxy)
    return proxies


def _check_network(text: str) -> None:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(
            f"expected addresses, networks such as 10.0.0.0/8, 'unix' or '*', found {text[:50]!r}"
        ) from None
