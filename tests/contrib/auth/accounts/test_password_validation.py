import pytest

from dovetail.contrib.auth.accounts.password_validation import check_password
from dovetail.errors import InvalidInputError

NAMES = {"username": "lovelace", "email": "ada.king@analytical.org"}


def problems(password: str) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        check_password(password, **NAMES)
    assert {(field.pointer, field.type) for field in caught.value.errors} == {("/password", "weak_password")}
    found = [field.detail for field in caught.value.errors]
    assert str(caught.value) == " ".join(found)
    return found


@pytest.mark.parametrize(
    "password", ["correct horse", "x" * 127 + "y", "ünïcödé päss", "8 chars!", "a\x00b nul is fine"]
)
def test_a_good_password_passes(password):
    check_password(password, **NAMES)


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("", "too short"),
        ("7 chars", "7 characters"),
        ("x" * 129, "too long"),
        ("x" * 5_000_000, "too long"),
        ("314159265358", "numeric"),
        ("٣١٤١٥٩٢٦٥", "numeric"),
        ("Password123", "common"),
        ("QWERTYUIOP", "common"),
        ("Password2024!", "common"),
        ("sunshine 12345", "common"),
        ("Trustno1", "common"),  # without its digit it is not
        ("lovelace", "to the username"),
        ("Lovelace1", "username"),
        ("ecalevol", "to the username"),
        ("lovelac-----", "to the username"),  # seven tenths of both
        ("ada", "to the e-mail"),  # three letters of it
        ("analytical", "e-mail"),
        ("ada.king@analytical.org", "e-mail"),
        ("\ud800 surrogate", "Unicode"),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(password, word):
    assert any(word in problem for problem in problems(password))


def test_all_reasons_are_given_at_once():
    assert len(problems("1234567")) == 2


def test_the_field_is_named_as_the_caller_says():
    with pytest.raises(InvalidInputError) as caught:
        check_password("short", username="", email="", field="new_password")
    assert caught.value.errors[0].pointer == "/new_password"
