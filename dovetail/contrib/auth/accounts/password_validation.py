"""Refuse weak passwords, by the rules of Django's validators and of NIST SP 800-63B, section 5.1.1.2."""

import re
import string
from collections.abc import Iterator
from difflib import SequenceMatcher

from dovetail.contrib.auth.accounts.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH, is_text
from dovetail.errors import FieldError, InvalidInputError

MAXIMUM_SIMILARITY = 0.7  # of SequenceMatcher's ratio, as in Django's UserAttributeSimilarityValidator
ADDED = string.digits + string.punctuation + " "  # what people add where a rule wants more: "Password2024!"
SHORTEST_PART = 3  # a shorter part of a name says too little to compare with
# The most common passwords of leaked collections that the other rules let pass, in lower case.
COMMON = frozenset(
    """
    1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc q1w2e3r4 q1w2e3r4t5 zaq12wsx zaq1zaq1 1234qwer 123qweasd qwer1234
    qwerty12 qwerty123 qwerty1234 qwertyui qwertyuiop qazwsxedc asdfghjk asdfghjkl asdf1234 zxcvbnm1 zxcvbnm123
    password password1 password12 password123 password1234 password! passw0rd p@ssw0rd p@ssword pa$$word passwort
    passwords mypassword changeme changeme1 changeme123 letmein1 letmein123 welcome1 welcome12 welcome123 iloveyou
    iloveyou1 iloveyou2 loveyou1 trustno1 sunshine sunshine1 princess princess1 football football1 baseball baseball1
    basketball superman superman1 batman123 starwars starwars1 pokemon1 pokemon123 dragon123 monkey123 michelle
    jennifer jonathan danielle samantha victoria alexander elizabeth charlotte computer internet whatever internet1
    computer1 corvette mercedes chelsea1 liverpool liverpool1 arsenal1 juventus barcelona realmadrid blink182
    abcd1234 abc12345 abcdefgh abcdefghi 1234abcd a1b2c3d4 aa123456 a1234567 a12345678 12345abc 123456ab 123456qq
    admin123 admin1234 administrator adminadmin rootroot root1234 test1234 testtest testing123 guest123 default1
    master123 hello123 helloworld secret123 mysecret security cheese123 butterfly chocolate hannah123 lovelove
    naruto123 garfield snowball maverick phoenix1 midnight scorpion silver123 spiderman spiderman1 slipknot metallica
    qwe123qwe qweqweqwe qweasdzxc qwertyqwerty asdasdasd aaaaaaaa zzzzzzzz xxxxxxxx abcabcabc access14 google123
    """.split()  # noqa: SIM905 - a list of two hundred quoted words is not easier to read
)


def check_password(password: str, *, username: str, email: str, field: str = "password") -> None:
    """Check that a password is good enough for the user of this name and address.

    Raise InvalidInputError with everything that is wrong with it, under the body's `field`.
    """
    if problems := list(_problems(password, username, email)):
        errors = [FieldError(pointer=f"/{field}", detail=problem, type="weak_password") for problem in problems]
        raise InvalidInputError(" ".join(problems), errors=errors)


def _problems(password: str, username: str, email: str) -> Iterator[str]:
    if len(password) < MINIMUM_LENGTH:
        yield f"The password is too short: it has {len(password)} characters, expected {MINIMUM_LENGTH} or more."
    if len(password) > MAXIMUM_LENGTH:
        yield f"The password is too long: it has {len(password)} characters, expected {MAXIMUM_LENGTH} or fewer."
        return
    if not is_text(password):
        yield "The password holds characters that are not valid Unicode."
    if password.isnumeric():
        yield "The password is entirely numeric."
    if not COMMON.isdisjoint({password.lower(), password.lower().rstrip(ADDED)}):
        yield "The password is one of the most common ones."
    for value, name in ((username, "username"), (email, "e-mail address")):
        if _is_similar(password.lower(), value.lower()):
            yield f"The password is too similar to the {name}."


def _is_similar(password: str, value: str) -> bool:
    parts = {value, *re.split(r"\W+", value)}
    return any(
        SequenceMatcher(a=password, b=part).quick_ratio() >= MAXIMUM_SIMILARITY
        for part in parts
        if len(part) >= SHORTEST_PART
    )
