"""Signatures: good for one key and one purpose, and for the very text that was signed."""

from urllib.parse import quote

import pytest
from pydantic import SecretStr

from dovetail.settings import SecretKey
from dovetail.signing import SIGNATURE_LENGTH, BadSignatureError, Signer, hash_token

SECRET = SecretStr("a secret of this site, which is long enough")
OTHER_SECRET = SecretStr("a secret of another site, long enough too")
VALUE = {"user": 7, "names": ["Ada", "Zoë"], "until": None}


def test_what_was_signed_is_read_as_it_was():
    signer = Signer(SECRET, "tests")
    assert signer.loads(signer.dumps(VALUE)) == VALUE


def test_a_text_of_any_length_needs_no_escape_in_an_address():
    signer = Signer(SECRET, "tests")
    for length in range(9):
        text = signer.dumps("ä" * length)
        assert quote(text, safe="") == text
        assert signer.loads(text) == "ä" * length


def test_a_text_signed_for_one_purpose_is_refused_for_another():
    text = Signer(SECRET, "tests.one").dumps(VALUE)
    for purpose in ("tests.two", "tests.on", "tests.onee", "", "tests"):
        with pytest.raises(BadSignatureError):
            Signer(SECRET, purpose).loads(text)


def test_a_text_signed_with_another_key_is_refused():
    text = Signer(OTHER_SECRET, "tests").dumps(VALUE)
    with pytest.raises(BadSignatureError):
        Signer(SECRET, "tests").loads(text)


def test_a_text_of_which_any_character_was_changed_is_refused():
    signer = Signer(SECRET, "tests")
    text = signer.dumps(VALUE)
    for position, character in enumerate(text):
        changed = text[:position] + ("A" if character != "A" else "B") + text[position + 1 :]
        with pytest.raises(BadSignatureError):
            signer.loads(changed)


def test_what_an_earlier_key_signed_is_read_as_long_as_it_is_named_and_nothing_is_signed_by_it():
    was, now = Signer(OTHER_SECRET, "tests"), Signer(SecretKey("k" * 40, (OTHER_SECRET.get_secret_value(),)), "tests")
    assert now.loads(was.dumps(VALUE)) == VALUE
    assert now.is_signature(b"message", was.signature(b"message"))
    assert not was.is_signature(b"message", now.signature(b"message"))
    with pytest.raises(BadSignatureError):
        was.loads(now.dumps(VALUE))
    with pytest.raises(BadSignatureError):
        now.loads(Signer(SECRET, "tests").dumps(VALUE))


@pytest.mark.parametrize("value", [VALUE, 0, ""])
def test_a_text_that_was_cut_or_made_longer_is_refused(value):
    signer = Signer(SECRET, "tests")
    text = signer.dumps(value)
    cut = [text[:length] for length in range(len(text))] + [text[start:] for start in range(1, len(text))]
    for other in [*cut, text + "A", text + "=", text + "\n", f" {text}", text[:5] + "!" + text[5:], "ä", "%"]:
        with pytest.raises(BadSignatureError):
            signer.loads(other)


def test_a_signature_is_good_for_its_message_only():
    signer = Signer(SECRET, "tests")
    signature = signer.signature(b"message")
    assert len(signature) == 32
    assert signer.is_signature(b"message", signature)
    assert not signer.is_signature(b"messagf", signature)
    assert not signer.is_signature(b"message", Signer(SECRET, "tests.two").signature(b"message"))
    assert not signer.is_signature(b"message", Signer(OTHER_SECRET, "tests").signature(b"message"))
    for other in (b"", signature[:-1], signature[:SIGNATURE_LENGTH], signature + b"\0", signature[::-1]):
        assert not signer.is_signature(b"message", other)


def test_a_purpose_and_a_message_cannot_be_moved_into_one_another():
    signature = Signer(SECRET, "tests").signature(b"onemessage")
    assert not Signer(SECRET, "testsone").is_signature(b"message", signature)


def test_signatures_stay_the_same_from_one_release_to_the_next():
    assert Signer(SECRET, "tests").dumps([1, "ä"]) == "tWwsJNCzb-RSdOga4prGPVsxLCLDpCJd"
    assert hash_token("x") == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


def test_what_is_no_json_is_not_signed():
    with pytest.raises(TypeError):
        Signer(SECRET, "tests").dumps(object())


def test_a_lone_surrogate_is_signed_as_a_question_mark():
    signer = Signer(SECRET, "tests")
    assert signer.loads(signer.dumps("\ud800")) == "?"
    assert hash_token("\ud800") == hash_token("?")
