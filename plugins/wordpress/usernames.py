"""From the logins and names of another system to usernames that auth accepts."""

import re
import unicodedata
from hashlib import sha256

LONGEST_READ = 1_000  # characters of a name that are looked at
MAX_LENGTH = 100  # of 150, which leaves room for what makes a name unique


def username_from(name: str) -> str:
    """Return the nearest username in ASCII: "José Díaz" is "Jose.Diaz"; "" if nothing of the name is left.

    Of an e-mail address only the part before the @ is taken: usernames are public.
    """
    name = name.strip()[:LONGEST_READ]
    local = name.partition("@")[0] or name
    ascii_only = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9_.+-]+", ".", ascii_only).strip(".+-")
    return words[:MAX_LENGTH].rstrip(".+-")


def digest(*parts: str) -> str:
    """Twelve characters that are the same for the same words, to tell people of one name apart."""
    return sha256("\n".join(parts).encode()).hexdigest()[:12]


def placeholder_email(kind: str, mark: str) -> str:
    """Return an address that belongs to nobody and never will (RFC 2606, section 2)."""
    return f"{kind}-{mark}@example.invalid"
