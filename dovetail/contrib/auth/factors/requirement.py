"""AUTH_REQUIRE_SECOND_FACTOR: users who need a second factor and have none may only enrol one."""

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.contrib.auth.tokens.limited_user import is_superuser_by_row
from dovetail.errors import PermissionDeniedError


class SecondFactorRequiredError(PermissionDeniedError):
    """This site requires a second factor: enrol an authenticator app or a passkey at /auth/factors first."""

    slug = "second-factor-required"
    title = "Second Factor Required"


def is_required(user: User, settings: AuthSettings) -> bool:
    """Return whether the user needs a second factor."""
    wanted = settings.require_second_factor
    return wanted == "all" or (wanted == "staff" and (user.is_staff or is_superuser_by_row(user)))


def lacks_factor(user: User, settings: AuthSettings) -> bool:
    """Return whether the user needs a second factor and has none."""
    return not user.has_second_factor and is_required(user, settings)


def check_factor(user: User, settings: AuthSettings) -> None:
    """Raise SecondFactorRequiredError if the user has to enrol a second factor before anything else."""
    if lacks_factor(user, settings):
        raise SecondFactorRequiredError
