"""Fingerprints of values: a form holds that of the values it shows, and tells by it whether they were changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.settings import SETTINGS
from dovetail.signing import Signer
from dovetail.state import current_application

FINGERPRINTS = "dovetail.admin.fingerprints"


@dataclass(frozen=True)
class Fingerprint:
    """The text of a fingerprint, and those that a page has that was rendered with an earlier SECRET_KEY."""

    text: str
    earlier: Sequence[str] = ()

    def __str__(self) -> str:
        return self.text

    def is_of(self, sent: object) -> bool:
        """Return whether the fingerprint that was sent is one of the same values."""
        return sent == self.text or sent in self.earlier


def version(values: Mapping[str, object], key: str) -> Fingerprint:
    """Return a fingerprint of the values in the form of the object `key`: it changes when one of them is changed."""
    return fingerprint(key, *((name, comparable(value)) for name, value in sorted(values.items())))


def comparable(value: object) -> object:
    """Return a value of a form for comparing its `repr`: related objects are the same if their keys are."""
    if isinstance(value, list | set):
        return sorted(str(comparable(one)) for one in value)
    return identifier_of(value) if hasattr(value, "__mapper__") else value


def fingerprint(*values: object) -> Fingerprint:
    """Return a text that tells whether values were changed, and nothing that could be found by guessing.

    A page may hold the fingerprint of values that it does not show, such as a secret or the key of a related object
    that the user may not view. Of a plain hash somebody could try all short texts and numbers. For the same reason the
    key of the object is one of the values: somebody may write the values of another object and compare.
    """
    app = current_application()
    assert app is not None  # noqa: S101 - pages are answers to requests
    message = repr(values).encode(errors="surrogatepass")
    signatures = Signer(SETTINGS.get(app).secret_key, FINGERPRINTS).signatures(message)
    current, *earlier = (one[:16].hex() for one in signatures)
    return Fingerprint(current, earlier)
