"""Secrets of second factors are stored encrypted, with a key that is made of the site's."""

from pydantic import SecretStr

from dovetail.contrib.auth.factors.encryption import decrypt, encrypt

KEY = SecretStr("a secret of the site that is long enough for everybody")


def test_what_was_encrypted_is_read_with_its_own_key_alone_and_if_nobody_touched_it():
    stored = encrypt("JBSWY3DPEHPK3PXP", KEY)
    assert "JBSWY3DPEHPK3PXP" not in stored
    assert decrypt(stored, KEY) == "JBSWY3DPEHPK3PXP"
    assert decrypt(stored, SecretStr("another secret of the site, as long as the first one")) is None
    assert decrypt(f"{stored[:-8]}{stored[:8]}", KEY) is None
    assert decrypt("nonsense", KEY) is None
