"""The sections of the account page that every back office has.

A section names what it runs by its module in this folder and its function, `tokens:make`, which is imported when
somebody first asks for it, as pages are: no start needs it. A test asks for each name.
"""

from dovetail.contrib.admin.account.sections import AccountRoute, AccountSection
from dovetail.plugin import deferred
from dovetail.translation.texts import gettext_lazy

HERE = "dovetail.contrib.admin.account"
CHOICES = AccountSection(
    name="choices",
    title=gettext_lazy("Language, time zone and theme"),
    template="sqladmin/account/choices.html",
    load=deferred(f"{HERE}.choices:load"),
    routes=[AccountRoute("save", deferred(f"{HERE}.choices:save"))],
)
SESSIONS = AccountSection(
    name="sessions",
    title=gettext_lazy("Where you are logged in"),
    template="sqladmin/account/sessions.html",
    load=deferred(f"{HERE}.sessions:load"),
    routes=[
        AccountRoute("end", deferred(f"{HERE}.sessions:end")),
        AccountRoute("end-others", deferred(f"{HERE}.sessions:end_others")),
    ],
)
FACTORS = AccountSection(
    name="factors",
    title=gettext_lazy("Two-step login and passkeys"),
    template="sqladmin/account/factors.html",
    load=deferred(f"{HERE}.factors:load"),
    routes=[
        AccountRoute("totp", deferred(f"{HERE}.factors:begin_totp")),
        AccountRoute("confirm", deferred(f"{HERE}.factors:confirm_totp")),
        AccountRoute("passkey-options", deferred(f"{HERE}.factors:give_passkey_options")),
        AccountRoute("passkey", deferred(f"{HERE}.factors:register_passkey")),
        AccountRoute("codes", deferred(f"{HERE}.factors:renew_codes")),
        AccountRoute("rename", deferred(f"{HERE}.factors:rename")),
        AccountRoute("remove", deferred(f"{HERE}.factors:remove")),
    ],
    is_for_enrolling=True,
)
TOKENS = AccountSection(
    name="tokens",
    title=gettext_lazy("Tokens for programs"),
    template="sqladmin/account/tokens.html",
    load=deferred(f"{HERE}.tokens:load"),
    routes=[
        AccountRoute("make", deferred(f"{HERE}.tokens:make")),
        AccountRoute("revoke", deferred(f"{HERE}.tokens:revoke")),
    ],
)
PASSWORD = AccountSection(
    name="password",
    title=gettext_lazy("Password"),
    template="sqladmin/account/password.html",
    load=deferred(f"{HERE}.password:load"),
    routes=[AccountRoute("change", deferred(f"{HERE}.password:change_password"), deferred(f"{HERE}.password:prepare"))],
)
CONNECTED = AccountSection(
    name="connected",
    title=gettext_lazy("Logging in by others"),
    template="sqladmin/account/connected.html",
    load=deferred(f"{HERE}.connected:load"),
    routes=[
        AccountRoute("connect", deferred(f"{HERE}.connected:connect")),
        AccountRoute("disconnect", deferred(f"{HERE}.connected:disconnect")),
    ],
)
