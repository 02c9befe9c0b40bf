"""The schemes by which a site knows who asks: what plugins tell the kernel, for the document, errors and caches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dovetail.state import HasState, StateKey

Requirement: TypeAlias = Mapping[str, Sequence[str]]  # of the OpenAPI document: schemes that are needed together


@dataclass(frozen=True, kw_only=True)
class CredentialSchemes:
    """The schemes of a site, in the order in which it names them."""

    documented: Mapping[str, Mapping[str, object]]  # security schemes of the OpenAPI document, by name
    safe: Sequence[Requirement]  # the alternatives for what only reads
    unsafe: Sequence[Requirement]
    challenges: Sequence[str]  # of 401 (RFC 9110, section 11.6.1), each a scheme with its parameters
    placeholder: str  # the scheme that dependencies name, for which these stand
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(map(_word, self.challenges)))

    def challenge(self, given: str, *, alone: bool) -> str:
        """Return WWW-Authenticate for an error that gives a challenge itself, as `Bearer error="invalid_token"`.

        With `alone` it is the one that was given; else those of all schemes, as a 401 has them.
        """
        name, _, parameters = given.partition(" ")
        if name not in self.names:  # of a scheme that has none, or the one that errors name if they know no better
            name, parameters = _word(self.challenges[0]), parameters if name == self.placeholder else ""
        whole = [_join(one, parameters) if _word(one) == name else one for one in self.challenges]
        return ", ".join(one for one in whole if not alone or _word(one) == name)


CREDENTIAL_SCHEMES = StateKey[Callable[[], CredentialSchemes]]("credential_schemes", "add dovetail.contrib.auth")


def schemes_of(app: HasState) -> CredentialSchemes | None:
    """Return the schemes of a site; None if no plugin told."""
    describe = CREDENTIAL_SCHEMES.find(app)
    return None if describe is None else describe()


def _word(challenge: str) -> str:
    return challenge.partition(" ")[0]


def _join(challenge: str, parameters: str) -> str:
    if not parameters:
        return challenge
    return f"{challenge}{', ' if ' ' in challenge else ' '}{parameters}"
