"""The settings of the auth plugin, read from environment variables that begin with `AUTH_`."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from dovetail.contrib.auth.password_rules.rule import Rules
from dovetail.contrib.auth.setting_types.limits import LimitSettings
from dovetail.contrib.auth.setting_types.providers import Providers
from dovetail.contrib.auth.setting_types.schemes import Scheme, check_header, read_schemes
from dovetail.settings import Names
from dovetail.state import StateKey
from dovetail.validators import check_origins_fit, check_passkey_origins, check_rp_id

Seconds = Annotated[int, Field(gt=0)]


class AuthSettings(LimitSettings):
    """Settings of contrib/auth: `AUTH_TOKEN_LIFETIME=3600`, `AUTH_EMAIL_BACKEND=smtp` and so on."""

    registration_open: bool = True
    token_lifetime: Seconds = 14 * 24 * 3600  # seconds from a login to the end of its session at the latest
    # Seconds after which an unused session ends. Use is only recorded every five minutes.
    session_idle_seconds: Annotated[int, Field(ge=900)] = 7 * 24 * 3600
    proof_seconds: Seconds = 600  # how long a proof of identity is recent enough to change credentials
    refresh_tokens: bool = False  # whether logins return a refresh token and a short-lived access token:
    access_token_lifetime: Seconds = 900
    schemes: Annotated[Names, AfterValidator(read_schemes)] = (Scheme.BEARER.value,)  # see docs/tokens.md
    api_key_header: Annotated[str, AfterValidator(check_header)] = "X-API-Key"
    personal_token_days: Annotated[int, Field(gt=0, le=3_660)] = 366  # the longest lifetime of a personal token
    # The rules for new passwords: dotted paths with options, like AUTH_PASSWORD_VALIDATORS in Django.
    password_rules: Rules
    reset_token_lifetime: Seconds = 3600
    verify_token_lifetime: Seconds = 24 * 3600

    # Pages of your site for links in e-mails, with {token} for the token; without them, e-mails contain the token
    # itself. They are not taken from the request, since its sender could redirect the token.
    reset_password_url: str = ""
    verify_url: str = ""

    # Who needs a second factor: users who have none may only enrol one.
    require_second_factor: Literal["none", "staff", "all"] = "none"
    # Steps of 30 seconds that the clock of an authenticator app may differ; with 0, only the current code is accepted.
    totp_drift: Annotated[int, Field(ge=0, le=1)] = 1
    # The domain of passkeys (example.org), and the origins of the pages that use them; by default only that of the
    # domain itself.
    passkey_rp_id: Annotated[str, AfterValidator(check_rp_id)] = ""
    passkey_origins: Annotated[Names, AfterValidator(check_passkey_origins)] = ()
    # Providers to log in with: `AUTH_PROVIDERS='[{"name": "google", "kind": "oidc", "issuer": ..., ...}]'`.
    providers: Providers = ()

    events_days: Annotated[int, Field(gt=0)] = 180  # how long security events are kept; `purge-expired` deletes them

    email_backend: Literal["console", "smtp"] = "console"
    email_from: str = "noreply@localhost"
    email_host: str = "localhost"
    email_port: Annotated[int, Field(gt=0, lt=65536)] = 25
    email_username: str = ""
    email_password: SecretStr = SecretStr("")
    email_security: Literal["none", "starttls", "tls"] = "none"
    email_timeout: Seconds = 10

    @classmethod
    def of(cls, plugin_settings: Mapping[str, object]) -> Self:
        """Return the settings of auth from those of all plugins: `AuthSettings.of(context.plugin_settings)`."""
        found = plugin_settings["auth"]
        assert isinstance(found, cls)  # noqa: S101 - the plugin names this class
        return found

    @model_validator(mode="after")
    def _have_a_place_for_the_token(self) -> Self:
        for name in ("reset_password_url", "verify_url"):
            if (url := getattr(self, name)) and "{token}" not in url:
                raise ValueError(
                    f"AUTH_{name.upper()} has no {{token}} in it; write e.g. https://example.org/?t={{token}}"
                )
        return self

    @model_validator(mode="after")
    def _have_origins_of_the_domain(self) -> Self:
        check_origins_fit(self.passkey_rp_id, self.passkey_origins)
        return self


AUTH_SETTINGS = StateKey[AuthSettings]("auth_settings")  # of an application
