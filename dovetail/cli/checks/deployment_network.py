"""Check whom the site believes and whom it answers: hosts, proxies, other origins."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from urllib.parse import urlsplit

from dovetail.plugin import CheckMessage, warning
from dovetail.settings import Settings
from dovetail.validators import LOCAL_HOSTS, is_local

NAME_HOSTS = "name the hosts of this site, e.g. ALLOWED_HOSTS=www.example.com"
# The shortest prefixes of networks that one owner may have; a cloud's own range is a /8 at most, or a /20 of IPv6.
SHORTEST_PREFIX = {4: 8, 6: 20}
# Names below which anybody may register, so that `*.` in front of one admits strangers: com, co.uk, github.io. Not all
# of them (https://publicsuffix.org/), but those that people write.
PUBLIC_SUFFIX = re.compile(
    r"[^.]+"
    r"|(co|com|org|net|ac|gov|edu|or|ne|go|gob|gouv|nom|web|info)\.[a-z]{2}"
    r"|(github|gitlab|netlify|vercel|pages|workers|herokuapp|fly|render|onrender|railway|appspot|web|firebaseapp|run"
    r"|azurewebsites|cloudapp|amazonaws|cloudfront|elasticbeanstalk|ngrok|ngrok-free|blogspot|wordpress|myshopify"
    r"|readthedocs|surge|glitch|repl|replit|deno|nip|sslip|duckdns)\.(io|com|app|dev|net|me|sh|co|org|azure\.com)"
)


def check_network(settings: Settings) -> Iterator[CheckMessage]:
    """Yield what is doubtful about them."""
    yield from _check_hosts(settings.allowed_hosts)
    yield from _check_proxies(settings.trusted_proxies)
    yield from _check_origins(settings.cors_allowed_origins)


def _check_hosts(hosts: tuple[str, ...]) -> Iterator[CheckMessage]:
    if any(host in ("*", "*.*") for host in hosts):
        yield warning(
            "kernel.W013",
            "ALLOWED_HOSTS admits every name, so links can be made to point to somebody else's host.",
            NAME_HOSTS,
        )
    elif hosts and set(hosts) <= LOCAL_HOSTS:
        yield warning(
            "kernel.W014", "ALLOWED_HOSTS names this machine only, so requests from elsewhere are refused.", NAME_HOSTS
        )
    wide = [host for host in hosts if host.startswith("*.") and PUBLIC_SUFFIX.fullmatch(host[2:].lower().rstrip("."))]
    if wide and "*.*" not in wide:
        yield warning(
            "kernel.W018",
            f"ALLOWED_HOSTS admits {wide[0]}, below which anybody may have a name.",
            NAME_HOSTS,
        )


def _check_proxies(proxies: tuple[str, ...]) -> Iterator[CheckMessage]:
    wide = [one for one in proxies if _is_wide(one)]
    if wide:
        yield warning(
            "kernel.W015",
            f"TRUSTED_PROXIES believes {wide[0]}, so any client can choose the address it is logged and limited under.",
            "name the address of the proxy, e.g. TRUSTED_PROXIES=10.0.0.5",
        )


def _is_wide(proxy: str) -> bool:
    try:
        network = ip_network(proxy, strict=False)
    except ValueError:
        return proxy == "*"
    return network.prefixlen < SHORTEST_PREFIX[network.version]


def _check_origins(origins: tuple[str, ...]) -> Iterator[CheckMessage]:
    local = [one for one in origins if one != "*" and is_local(urlsplit(one).hostname)]
    plain = [one for one in origins if one.startswith("http://") and one not in local]
    if "*" in origins:
        yield warning(
            "kernel.W034",
            "CORS_ALLOWED_ORIGINS is *: the pages of every site may read what the API answers.",
            "name the origins, e.g. CORS_ALLOWED_ORIGINS=https://app.example.com, unless all of it is for the public",
        )
    if plain:
        yield warning(
            "kernel.W035",
            f"CORS_ALLOWED_ORIGINS names {plain[0]}: whoever is on the way can change that page, and read the API.",
            "name it with https://",
        )
    if local:
        yield warning(
            "kernel.W036",
            f"CORS_ALLOWED_ORIGINS names {local[0]}, which on every visitor's machine is somebody else's program.",
            "leave it out in production",
        )
