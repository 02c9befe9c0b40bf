"""How names, addresses and texts of users are written when they are stored, and how long they may be.

Every function here measures a text before it works on it, wherever the text comes from.
"""

import re
import unicodedata
from contextlib import suppress

from email_validator import validate_email

from dovetail.contrib.auth.accounts.limits import MAXIMUM_BIO, MAXIMUM_EMAIL, MAXIMUM_FULL_NAME, MAXIMUM_USERNAME
from dovetail.errors import FieldError, InvalidInputError
from dovetail.validators import normalize

# A name in ASCII cannot be mistaken for another one, and one without @ never for an address.
USERNAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.+-]{{0,{MAXIMUM_USERNAME - 1}}}")


def normalize_username(username: str) -> str:
    """The name as it is stored; names that differ in case only count as one. Raises InvalidInputError."""
    with suppress(ValueError):
        name = normalize(username, maximum=MAXIMUM_USERNAME).strip()
        if USERNAME.fullmatch(name):
            return name
    raise _invalid(
        "username",
        f"A username has 1 to {MAXIMUM_USERNAME} characters: letters (a-z), digits and _ . + -; "
        "it starts with none of . + -",
    )


def normalize_email(email: str) -> str:
    """The address as it is stored and compared, without regard to case. Raises InvalidInputError."""
    try:
        text = normalize(email, maximum=MAXIMUM_EMAIL).strip()
        address = validate_email(text, check_deliverability=False).normalized
        return normalize(address.casefold(), maximum=MAXIMUM_EMAIL)
    except ValueError:  # of Unicode and of email_validator, too
        raise _invalid("email", "This is not an e-mail address; expected one such as name@example.org.") from None


def clean_full_name(text: str) -> str:
    """The name to show, on one line. Raises InvalidInputError."""
    return _clean_text(text, field="full_name", maximum=MAXIMUM_FULL_NAME, lines=False)


def clean_bio(text: str) -> str:
    """What a user says about themselves; it may have lines. Raises InvalidInputError."""
    return _clean_text(text, field="bio", maximum=MAXIMUM_BIO, lines=True)


def _clean_text(text: str, *, field: str, maximum: int, lines: bool) -> str:
    if len(text) > maximum:
        raise _invalid(field, f"The {field} has {len(text)} characters, expected {maximum} or fewer.")
    text = text.strip() if lines else " ".join(text.split())
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text if character not in "\n\r\t"):
        raise _invalid(field, f"The {field} holds control characters; remove them.")
    return text


def _invalid(field: str, detail: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[FieldError(pointer=f"/{field}", detail=detail)])
