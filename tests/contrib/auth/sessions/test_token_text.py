"""The text of tokens for programs: known by its prefix and its checksum."""

import re

from dovetail.contrib.auth.sessions.token_text import (
    LENGTH,
    PERSONAL_PREFIX,
    REFRESH_PREFIX,
    is_token_text,
    looks_like,
    make_token_text,
)


def test_a_token_has_a_prefix_43_random_digits_and_a_checksum():
    made = {make_token_text(PERSONAL_PREFIX) for _ in range(50)}
    assert len(made) == 50
    for token in made:
        assert re.fullmatch(r"dvt_[0-9A-Za-z]{49}", token)
        assert is_token_text(token, PERSONAL_PREFIX)
        assert not is_token_text(token, REFRESH_PREFIX)


def test_a_token_with_one_changed_digit_is_invalid():
    token = make_token_text(PERSONAL_PREFIX)
    for place in range(len(PERSONAL_PREFIX), LENGTH):
        other = "a" if token[place] != "a" else "b"
        changed = token[:place] + other + token[place + 1 :]
        assert looks_like(changed, PERSONAL_PREFIX)
        assert not is_token_text(changed, PERSONAL_PREFIX), place


def test_a_text_of_another_form_is_no_token():
    token = make_token_text(PERSONAL_PREFIX)
    for text in ("", "dvt_", token[:-1], token + "a", token.upper(), token[:-2] + "é1", token[:10] + "\0" + token[11:]):
        assert not is_token_text(text, PERSONAL_PREFIX), text
