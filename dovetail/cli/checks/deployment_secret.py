"""Check that SECRET_KEY cannot be guessed."""

import re
from collections.abc import Iterator

from dovetail.plugin import CheckMessage, warning
from dovetail.settings import Settings

MAKE_ONE = 'set SECRET_KEY, e.g. from: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
FEW_CHARACTERS = 10  # a random secret of 32 characters has about 25 different ones, in hexadecimal about 14
LENGTH = 4  # of the pieces that are counted: of 40 random characters, no two pieces are the same
DISTINCT = 0.7  # of all pieces
UNKNOWN_CHARACTERS = 20  # that are left of a good secret without well-known words, of 32 at least
# Words that people write in place of a secret, those of examples and tutorials first.
WORDS = re.compile(
    "secret|password|passwort|passwd|changeme|change|replace|insecure|unsafe|django|dovetail|fastapi|flask|example|default"
    "|production|development|testing|test|please|super|really|very|long|random|string|your|mysite|site|here|this|that"
    "|with|must|should|token|admin|only|none|null|correct|horse|battery|staple|qwerty|asdf|letmein|welcome|hello|world"
    "|foobar|lorem|ipsum|abcdefgh|abcdef|01234567|012345|123456|1234|key|for|the|and|not|dev|prod|my"
)


def check_secret(settings: Settings) -> Iterator[CheckMessage]:
    """Yield what is doubtful about the secret; no message quotes it."""
    secret = settings.secret_key.get_secret_value()
    if "secret_key" not in settings.model_fields_set:
        yield warning(
            "kernel.W011",
            "SECRET_KEY is the one this machine made for itself, so a second machine has another.",
            MAKE_ONE,
        )
    elif _repeats(secret):
        yield warning("kernel.W012", "SECRET_KEY repeats itself and can be guessed.", MAKE_ONE)
    elif len(re.sub(r"[\W_]", "", WORDS.sub("", secret.lower()))) < UNKNOWN_CHARACTERS:
        yield warning("kernel.W017", "SECRET_KEY is made of well-known words and can be guessed.", MAKE_ONE)


def _repeats(secret: str) -> bool:
    pieces = [secret[start : start + LENGTH] for start in range(len(secret) - LENGTH + 1)]
    return len(set(secret)) < FEW_CHARACTERS or len(set(pieces)) < DISTINCT * len(pieces)
