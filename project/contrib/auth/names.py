"""How names, addresses and texts of users are written when they are stored."""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

from project.errors import FieldError, InvalidInputError

MAXIMUM_FULL_NAME = 200
MAXIMUM_BIO = 10_000
# A name in ASCII cannot be mistaken for another one, and one without @ never for an address.
USERNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,149}")


def normalize_username(username: str) -> str:
    """The name as it is stored; names that differ in case only count as one. Raises InvalidInputError."""
    name = unicodedata.normalize("NFKC", username).strip()
    if not USERNAME.fullmatch(name):
        raise _invalid(
            "username",
            "A username has 1 to 150 characters: letters (a-z), digits and _ . + -; it starts with none of . + -",
        )
    return name


def normalize_email(email: str) -> str:
    """The address as it is stored and compared, without regard to case. Raises InvalidInputError."""
    try:
        address = validate_email(unicodedata.normalize("NFKC", email).strip(), check_deliverability=False).normalized
    except (EmailNotValidError, UnicodeError):
        raise _invalid("email", "This is not an e-mail address; expected one such as name@example.org.") from None
    return unicodedata.normalize("NFKC", address.casefold())


def clean_full_name(text: str) -> str:
    """The name to show, on one line. Raises InvalidInputError."""
    return _clean_text(" ".join(text.split()), field="full_name", maximum=MAXIMUM_FULL_NAME)


def clean_bio(text: str) -> str:
    """What a user says about themselves; it may have lines. Raises InvalidInputError."""
    return _clean_text(text, field="bio", maximum=MAXIMUM_BIO)


def _clean_text(text: str, *, field: str, maximum: int) -> str:
    text = text.strip()
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text if character not in "\n\r\t"):
        raise _invalid(field, f"The {field} holds control characters; remove them.")
    if len(text) > maximum:
        raise _invalid(field, f"The {field} has {len(text)} characters, expected {maximum} or fewer.")
    return text


def _invalid(field: str, detail: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[FieldError(pointer=f"/{field}", detail=detail)])
