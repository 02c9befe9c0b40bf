"""The sections of the account page that every back office has.

A section has the same name as its module in this folder and its template. The functions of the module are imported on
first use, as pages are, so that they do not slow down the start. A test resolves each name.
"""

from dovetail.contrib.admin.account.sections import AccountRoute, AccountSection
from dovetail.plugin import deferred
from dovetail.translation.texts import gettext_lazy

HERE = "dovetail.contrib.admin.account"


def _section(name: str, title: str, *routes: AccountRoute, is_for_enrolling: bool = False) -> AccountSection:
    return AccountSection(
        name=name,
        title=title,
        template=f"sqladmin/account/{name}.html",
        load=deferred(f"{HERE}.{name}:load"),
        routes=routes,
        is_for_enrolling=is_for_enrolling,
    )


def _route(name: str, function: str, *keeps: str) -> AccountRoute:
    return AccountRoute(name, deferred(f"{HERE}.{function}"), keeps=keeps)


CHOICES = _section(
    "choices",
    gettext_lazy("Language, time zone and theme"),
    _route("save", "choices:save", "language", "zone", "theme"),
)
SESSIONS = _section(
    "sessions",
    gettext_lazy("Where you are logged in"),
    _route("end", "sessions:end"),
    _route("end-others", "sessions:end_others"),
)
FACTORS = _section(
    "factors",
    gettext_lazy("Two-step login and passkeys"),
    _route("totp", "factors:begin_totp", "name"),
    _route("confirm", "factors:confirm_totp"),
    _route("passkey-options", "factors:give_passkey_options"),
    _route("passkey", "factors:register_passkey", "name"),
    _route("codes", "factors:renew_codes"),
    _route("rename", "factors:rename", "kind", "id", "name"),
    _route("remove", "factors:remove"),
    is_for_enrolling=True,
)
TOKENS = _section(
    "tokens",
    gettext_lazy("Tokens for programs"),
    _route("make", "tokens:make", "name", "days", "scopes", "unlimited"),
    _route("revoke", "tokens:revoke"),
)
PASSWORD = _section(
    "password",
    gettext_lazy("Password"),
    AccountRoute(
        "change",
        deferred(f"{HERE}.password:change_password"),
        deferred(f"{HERE}.password:prepare"),
    ),
)
CONNECTED = _section(
    "connected",
    gettext_lazy("Logging in by others"),
    _route("connect", "connected:connect"),
    _route("disconnect", "connected:disconnect"),
)
