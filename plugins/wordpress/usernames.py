"""Convert logins and names of another system to valid usernames."""

import re
import unicodedata
from hashlib import sha256

LONGEST_READ = 1_000  # characters of a name that are used
MAX_LENGTH = 100  # of 150, which leaves room for a suffix that makes the name unique


def username_from(name: str) -> str:
    """Return the nearest username in ASCII: "José Díaz" becomes "Jose.Diaz"; "" if nothing is left.

    Of an e-mail address only the part before the @ is used, since usernames are public.
    """
    name = name.strip()[:LONGEST_READ]
    local = name.partition("@")[0] or name
    ascii_only = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9_.+-]+", ".", ascii_only).strip(".+-")
    return words[:MAX_LENGTH].rstrip(".+-")


def digest(*parts: str) -> str:
    """Return twelve characters that are always the same for these texts, to distinguish people with the same name."""
    return sha256("\n".join(parts).encode()).hexdigest()[:12]


def placeholder_email(kind: str, mark: str) -> str:
    """Return an address in a domain that never exists (RFC 2606, section 2)."""
    return f"{kind}-{mark}@example.invalid"
