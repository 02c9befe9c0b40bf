"""The interface of rules for new passwords, and their setting.

A rule is a class; AUTH_PASSWORD_RULES lists dotted paths of rules, with options if they have any:

    AUTH_PASSWORD_RULES='["shop.rules.NoColours", {"rule": "dovetail.contrib.auth.password_rules.length.Length",
                           "options": {"minimum": 20}}]'
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Annotated, NotRequired, Protocol, TypeAlias, runtime_checkable

from pydantic import BeforeValidator, Field, InstanceOf, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from dovetail.errors import quoted

ROOM = "dovetail.contrib.auth.password_rules"
LONGEST_PATH = 100  # characters of a dotted path that errors quote
DEFAULT_RULES = (f"{ROOM}.length.Length", f"{ROOM}.common.NotCommon", f"{ROOM}.context.NotPersonal")


@dataclass(frozen=True, kw_only=True)
class AccountDetails:
    """The account that a new password is for."""

    username: str = ""
    email: str = ""
    full_name: str = ""
    site_name: str = ""
    has_second_factor: bool = False


@runtime_checkable
class PasswordRule(Protocol):
    """A rule; options in the settings are passed to its class as keyword arguments."""

    def problems(self, password: str, about: AccountDetails) -> Iterable[str]:
        """Yield a sentence for each problem of a password, which is a text of 8 to 128 characters."""


@with_config(extra="forbid")
class _Named(TypedDict):
    rule: str
    options: NotRequired[dict[str, object]]


_NAMED: TypeAdapter[list[str | _Named]] = TypeAdapter(list[str | _Named])


def make_rules(value: object) -> object:
    """Create the rules that a setting lists. Raise ValueError for an invalid path or option."""
    if isinstance(value, tuple):
        return value
    try:
        named = _NAMED.validate_python(value)
    except ValidationError:
        raise ValueError(
            'expected a JSON list of dotted paths, or of {"rule": "a.dotted.path", "options": {...}}'
        ) from None
    return tuple(_make(one) for one in named)


def default_rules() -> tuple[PasswordRule, ...]:
    """Return the default rules."""
    return tuple(_make(name) for name in DEFAULT_RULES)


def _make(named: str | _Named) -> PasswordRule:
    if isinstance(named, str):
        named = {"rule": named}
    path = named["rule"]
    found = quoted(path, LONGEST_PATH)
    options: Mapping[str, object] = named.get("options", {})
    try:
        made: object = resolve_name(path)(**options)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{found} is no password rule: {error}") from None
    except TypeError as error:
        names = ", ".join(options)  # and no values, which may be secrets
        raise ValueError(f"{found} does not take the options {quoted(names)}: {error}") from None
    if not isinstance(made, PasswordRule):
        raise ValueError(f"{found} is no password rule: it has no method `problems`")  # noqa: TRY004 - pydantic's
    return made


Rules: TypeAlias = Annotated[
    tuple[InstanceOf[PasswordRule], ...], BeforeValidator(make_rules), Field(default_factory=default_rules)
]
