"""The pages of a site on which a browser uses its passkeys: those of its domain and of the domains within."""

import pytest

from dovetail.contrib.auth.factors.passkeys.relying_party import RelyingParty


@pytest.mark.parametrize(
    ("hostname", "serves"),
    [
        ("example.org", True),
        ("www.example.org", True),
        ("evil-example.org", False),
        ("org", False),
        ("localhost", False),
        (None, False),
    ],
)
def test_a_browser_uses_passkeys_on_pages_of_their_domain_alone(hostname, serves):
    assert RelyingParty(id="example.org", name="Example", origins=()).serves(hostname) is serves
