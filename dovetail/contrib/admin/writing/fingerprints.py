"""Fingerprints of values in pages: they tell that something was changed, and nothing that could be found by guessing.

A page may hold the fingerprint of values that it does not show, such as a secret or the key of a related object that
the user may not view. Of a plain hash somebody could try all short texts and numbers. For the same reason the key of
the object is one of the values: somebody may write the values of another object and compare.
"""

from dovetail.settings import SETTINGS
from dovetail.signing import Signer
from dovetail.state import current_application

PURPOSE = "dovetail.admin.fingerprints"


def fingerprint(*values: object) -> str:
    """Return the fingerprint of values, by their `repr`; sites with another SECRET_KEY have other ones."""
    app = current_application()
    assert app is not None  # noqa: S101 - pages are answers to requests
    message = repr(values).encode(errors="surrogatepass")
    return Signer(SETTINGS.get(app).secret_key, PURPOSE).signature(message)[:16].hex()
