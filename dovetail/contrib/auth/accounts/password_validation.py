"""Refuse weak passwords, by the rules in AUTH_PASSWORD_RULES (NIST SP 800-63B-4, section 3.1.1.2)."""

from collections.abc import Iterator, Sequence

from dovetail.contrib.auth.accounts.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH, is_text, normalized
from dovetail.contrib.auth.password_rules.rule import AccountDetails, PasswordRule, default_rules
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.errors import FieldError, InvalidInputError
from dovetail.plugin import PLUGIN_SETTINGS, Context
from dovetail.settings import SETTINGS
from dovetail.state import current_application
from dovetail.translation.texts import gettext


def check_password(
    password: str,
    *,
    username: str,
    email: str,
    full_name: str = "",
    has_second_factor: bool = False,
    context: Context | None = None,
    field: str = "password",
) -> None:
    """Raise InvalidInputError, with all problems under the body's `field`, if a password is too weak for this user.

    The rules are those of the site, taken from `context` (in commands) or the current request; without either, the
    default rules.
    """
    rules, site_name = _site(context)
    about = AccountDetails(
        username=username,
        email=email,
        full_name=full_name,
        site_name=site_name,
        has_second_factor=has_second_factor,
    )
    if problems := list(_problems(password, rules, about)):
        errors = [FieldError(pointer=f"/{field}", detail=problem, type="weak_password") for problem in problems]
        raise InvalidInputError(" ".join(problems), errors=errors)


def _site(context: Context | None) -> tuple[Sequence[PasswordRule], str]:
    app = current_application()
    if context is not None:
        found, site = context.plugin_settings, context.settings
    elif app is not None:
        found, site = PLUGIN_SETTINGS.get(app), SETTINGS.get(app)
    else:
        return default_rules(), ""
    return AuthSettings.of(found).password_rules, site.site_name


def _problems(password: str, rules: Sequence[PasswordRule], about: AccountDetails) -> Iterator[str]:
    if len(password) > MAXIMUM_LENGTH:  # before any expensive work
        yield gettext(
            "The password is too long: it has %(count)s characters, expected %(maximum_length)s or fewer."
        ) % {"count": len(password), "maximum_length": MAXIMUM_LENGTH}
        return
    if not is_text(password):
        yield gettext("The password holds characters that are not valid Unicode.")
        return
    text = normalized(password)
    if len(text) > MAXIMUM_LENGTH:
        yield gettext(
            "The password is too long: it has %(count)s characters, expected %(maximum_length)s or fewer."
        ) % {"count": len(text), "maximum_length": MAXIMUM_LENGTH}
        return
    found = [problem for rule in rules for problem in rule.problems(text, about)]
    if len(text) < MINIMUM_LENGTH and not any("too short" in one for one in found):
        yield gettext(
            "The password is too short: it has %(count)s characters, expected %(minimum_length)s or more."
        ) % {"count": len(text), "minimum_length": MINIMUM_LENGTH}
    yield from found
