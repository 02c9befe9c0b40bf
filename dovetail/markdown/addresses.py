"""Tell which addresses of images a page may load."""

from collections.abc import Collection
from urllib.parse import urlsplit


def is_near(address: str, hosts: Collection[str]) -> bool:
    """Return whether an image is the site's own, or comes by HTTPS from one of `hosts`.

    Browsers read a backslash as a slash (https://url.spec.whatwg.org/#url-parsing), and so does this.
    """
    try:
        parts = urlsplit(address.replace("\\", "/"))
    except ValueError:
        return False
    if not parts.scheme and not parts.netloc:
        return True
    return parts.scheme == "https" and parts.netloc.casefold() in hosts
