"""Require a minimum length, which matters most for a password's strength (NIST SP 800-63B-4, section 3.1.1.2)."""

from collections.abc import Iterator

from dovetail.contrib.auth.password_rules.rule import AccountDetails
from dovetail.translation.texts import gettext

SHORTEST = 8  # characters; the settings cannot lower it
LONGEST = 128


class Length:
    """At least 15 characters if the password is the only factor, or 8 with a second factor."""

    def __init__(self, *, minimum: int = 15, with_second_factor: int = SHORTEST) -> None:
        for name, value in (("minimum", minimum), ("with_second_factor", with_second_factor)):
            if not SHORTEST <= value <= LONGEST:
                raise ValueError(f"{name} is {value}, expected {SHORTEST} to {LONGEST}")
        self._minimum, self._with_second_factor = minimum, with_second_factor

    def problems(self, password: str, about: AccountDetails) -> Iterator[str]:
        """Yield a sentence if the password is too short."""
        minimum = self._with_second_factor if about.has_second_factor else self._minimum
        if len(password) < minimum:
            yield gettext("The password is too short: it has %(count)s characters, expected %(minimum)s or more.") % {
                "count": len(password),
                "minimum": minimum,
            }
