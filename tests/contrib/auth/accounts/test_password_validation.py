import pytest

from dovetail.contrib.auth.accounts.password_validation import check_password
from dovetail.errors import InvalidInputError

NAMES = {"username": "lovelace", "email": "ada.king@analytical.org", "full_name": "Augusta Ada King"}


def problems(password: str, **about) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        check_password(password, **NAMES | about)
    assert {(field.pointer, field.type) for field in caught.value.errors} == {("/password", "weak_password")}
    found = [field.detail for field in caught.value.errors]
    assert str(caught.value) == " ".join(found)
    return found


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "x" * 127 + "y",
        "ünïcödé pässwörter",
        "a\x00b nul is fine here",
        "271828182845904523536",  # no rule asks for letters
        "ALL IN CAPITALS HERE",
        "🦔🦔🦦🦦🐿️🐿️🦫🦫🦨🦨🦡🦡🦥",
    ],
)
def test_a_good_password_passes(password):
    check_password(password, **NAMES)


@pytest.mark.parametrize("password", ["8 chars!", "glib otters"])
def test_eight_characters_do_where_there_is_a_second_factor(password):
    check_password(password, **NAMES, has_second_factor=True)
    assert "expected 15 or more" in problems(password)[0]
    assert "expected 8 or more" in problems("7 chars", has_second_factor=True)[0]


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("", "too short"),
        ("7 chars", "7 characters"),
        ("fourteen chars", "14 characters"),
        ("x" * 129, "too long"),
        ("x" * 5_000_000, "too long"),
        ("ﷺ" * 20, "too long"),  # 18 characters each, once they are written as they are meant
        ("Password123", "common"),
        ("QWERTYUIOP", "common"),
        ("Password2024!", "common"),
        ("sunshine 12345", "common"),
        ("PasswordPassword", "common"),
        ("manchesterunited", "common"),
        ("iloveyou-princess", "common"),
        ("1qaz2wsx3edc4rfv", "common"),
        ("dragondragondragon", "common"),
        ("abcabcabcabcabcabc", "common"),
        ("zzzzzzzzzzzzzzzz", "common"),
        ("123456789012345678", "common"),
        ("qwertyuiopasdfghjkl", "common"),
        ("".join(chr(ord(one) + 0xFEE0) for one in "passwordpassword"), "common"),  # as East Asian keyboards write it
        ("lovelacelovelace", "to the username"),
        ("Lovelace1", "username"),
        ("ecalevol", "to the username"),
        ("lovelac-----", "to the username"),  # seven tenths of both
        ("ada", "to the e-mail"),  # three letters of it
        ("analytical", "e-mail"),
        ("ada.king@analytical.org", "e-mail"),
        ("my analytical one", "e-mail"),
        ("augusta's own", "your name"),
        ("\ud800 surrogate and more", "Unicode"),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(password, word):
    assert any(word in problem for problem in problems(password))


def test_all_reasons_are_given_at_once():
    assert len(problems("lovelace")) == 3


def test_the_field_is_named_as_the_caller_says():
    with pytest.raises(InvalidInputError) as caught:
        check_password("short", username="", email="", field="new_password")
    assert caught.value.errors[0].pointer == "/new_password"
