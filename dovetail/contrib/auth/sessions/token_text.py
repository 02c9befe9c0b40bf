"""Generate tokens for programs: a prefix, 256 random bits, and a checksum.

Secret scanners find them by the prefix and verify them by the checksum, as with GitHub's tokens
(https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/). A token with a
wrong checksum is refused here, too, without a database statement.
"""

import secrets
from binascii import crc32

PERSONAL_PREFIX = "dvt_"
REFRESH_PREFIX = "dvr_"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_DIGITS = 43  # base 62, together 256 bits
CHECKSUM_DIGITS = 6  # base 62, together 32 bits
LENGTH = len(PERSONAL_PREFIX) + RANDOM_DIGITS + CHECKSUM_DIGITS


def make_token_text(prefix: str) -> str:
    """Return a new token of this kind."""
    digits = "".join(secrets.choice(DIGITS) for _ in range(RANDOM_DIGITS))
    return prefix + digits + _checksum(digits)


def looks_like(text: str, prefix: str) -> bool:
    """Return whether a text has the length and prefix of such a token; session tokens are shorter."""
    return len(text) == LENGTH and text.startswith(prefix)


def is_token_text(text: str, prefix: str) -> bool:
    """Return whether a text has the form of such a token and a correct checksum."""
    digits = text[len(prefix) : -CHECKSUM_DIGITS]
    return looks_like(text, prefix) and text.isascii() and text.endswith(_checksum(digits))


def _checksum(digits: str) -> str:
    value, found = crc32(digits.encode()), ""
    for _ in range(CHECKSUM_DIGITS):
        value, digit = divmod(value, len(DIGITS))
        found = DIGITS[digit] + found
    return found
