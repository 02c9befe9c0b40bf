"""Make the text of a token that programs keep: a prefix, 256 random bits, and a checksum.

Scanners for secrets find it by the prefix and know it from a look-alike by the checksum, as those of GitHub do:
https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
So do we: what is no such token costs no statement.
"""

import secrets
from binascii import crc32

PERSONAL_PREFIX = "dvt_"
REFRESH_PREFIX = "dvr_"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_DIGITS = 43  # of 62: 256 bits
CHECKSUM_DIGITS = 6  # of 62: 32 bits
LENGTH = len(PERSONAL_PREFIX) + RANDOM_DIGITS + CHECKSUM_DIGITS


def make_token_text(prefix: str) -> str:
    """Return a new token of this kind."""
    digits = "".join(secrets.choice(DIGITS) for _ in range(RANDOM_DIGITS))
    return prefix + digits + _checksum(digits)


def looks_like(text: str, prefix: str) -> bool:
    """Return True if a text has the form of a token of this kind; the token of a session is shorter."""
    return len(text) == LENGTH and text.startswith(prefix)


def is_token_text(text: str, prefix: str) -> bool:
    """Return True if a text has the form of a token of this kind, and its checksum."""
    digits = text[len(prefix) : -CHECKSUM_DIGITS]
    return looks_like(text, prefix) and text.isascii() and text.endswith(_checksum(digits))


def _checksum(digits: str) -> str:
    value, found = crc32(digits.encode()), ""
    for _ in range(CHECKSUM_DIGITS):
        value, digit = divmod(value, len(DIGITS))
        found = DIGITS[digit] + found
    return found
