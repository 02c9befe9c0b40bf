"""Check which addresses of images a page may load."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

UNREAD = re.compile(r"^[\x00-\x20]+|[\t\r\n]")  # which browsers leave out
LEADING = re.compile(r"^/{2,}")


def is_near(address: str, hosts: Collection[str]) -> bool:
    """Return whether an image is the site's own, or comes by HTTPS from one of `hosts`.

    Browsers read a backslash as a slash, and more slashes as two, which lead to another host
    (https://url.spec.whatwg.org/#url-parsing), and so does this.
    """
    try:
        parts = urlsplit(LEADING.sub("//", UNREAD.sub("", address).replace("\\", "/")))
    except ValueError:
        return False
    if not parts.scheme and not parts.netloc:
        return True
    return parts.scheme == "https" and parts.netloc.casefold() in hosts
