"""The settings of the auth plugin, read from the environment under `AUTH_`."""

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
    token_lifetime: Seconds = 14 * 24 * 3600  # seconds from a login to its end, whatever happens in between
    # Seconds after which a login is over that nobody uses. Use is written down every five minutes only.
    session_idle_seconds: Annotated[int, Field(ge=900)] = 7 * 24 * 3600
    proof_seconds: Seconds = 600  # that a password counts as just entered, before one changes what one logs in with
    refresh_tokens: bool = False  # whether a login gives one, and a token that is good for a short time only:
    access_token_lifetime: Seconds = 900
    schemes: Annotated[Names, AfterValidator(read_schemes)] = (Scheme.BEARER.value,)  # see docs/tokens.md
    api_key_header: Annotated[str, AfterValidator(check_header)] = "X-API-Key"
    personal_token_days: Annotated[int, Field(gt=0, le=3_660)] = 366  # the longest that a personal token may last
    # The rules for new passwords: dotted paths, each with its options, as AUTH_PASSWORD_VALIDATORS of Django.
    password_rules: Rules
    reset_token_lifetime: Seconds = 3600
    verify_token_lifetime: Seconds = 24 * 3600

    # Pages of your site that e-mails lead to, with {token} where the token goes; without them an e-mail quotes the
    # token. They are never taken from a request: whoever sends it would choose where the token goes.
    reset_password_url: str = ""
    verify_url: str = ""

    # Who has to have a second factor: whoever lacks it can only enrol one.
    require_second_factor: Literal["none", "staff", "all"] = "none"
    # Steps of 30 seconds that the clock of an authenticator app may be early or late; 0 takes the code of now only.
    totp_drift: Annotated[int, Field(ge=0, le=1)] = 1
    # The domain that passkeys are made for (example.org), and the origins of the pages that ask for them: of the domain
    # alone, unless they are given.
    passkey_rp_id: Annotated[str, AfterValidator(check_rp_id)] = ""
    passkey_origins: Annotated[Names, AfterValidator(check_passkey_origins)] = ()
    # Where one may log in besides: `AUTH_PROVIDERS='[{"name": "google", "kind": "oidc", "issuer": ..., ...}]'`.
    providers: Providers = ()

    events_days: Annotated[int, Field(gt=0)] = 180  # that security events are kept; `purge-expired` removes older ones

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
        """Return the settings of auth among those of all plugins: `AuthSettings.of(context.plugin_settings)`."""
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


AUTH_SETTINGS = StateKey[AuthSettings]("auth_settings")  # of the application at hand
