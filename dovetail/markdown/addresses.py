"""Decide from which URLs images may be loaded."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

UNREAD = re.compile(r"^[\x00-\x20]+|[\t\r\n]")  # characters that browsers ignore in URLs
LEADING = re.compile(r"^/{2,}")


def is_near(address: str, hosts: Collection[str]) -> bool:
    """Return whether an image URL is relative to the site, or has HTTPS and one of `hosts`.

    Like browsers, treat a backslash as a slash, and more than two leading slashes as two, since such URLs lead to
    another host (https://url.spec.whatwg.org/#url-parsing).
    """
    try:
        parts = urlsplit(LEADING.sub("//", UNREAD.sub("", address).replace("\\", "/")))
    except ValueError:
        return False
    if not parts.scheme and not parts.netloc:
        return True
    return parts.scheme == "https" and parts.netloc.casefold() in hosts
