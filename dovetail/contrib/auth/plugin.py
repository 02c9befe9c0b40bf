"""The table of contents of the auth plugin."""

from dovetail.contrib.auth.settings import AuthSettings
from dovetail.plugin import Command, Plugin, deferred, lazy

plugin = Plugin(
    name="auth",
    settings=AuthSettings,
    models=lazy(
        "dovetail.contrib.auth.models:User",
        "dovetail.contrib.auth.models:AccessToken",
        "dovetail.contrib.auth.models:OneTimeToken",
    ),
    routers=lazy(auth="dovetail.contrib.auth.api.auth:router", users="dovetail.contrib.auth.api.users:router"),
    admin_views=lazy("dovetail.contrib.auth.admin:UserAdmin"),
    commands=(
        Command(
            name="createsuperuser",
            help="Make a user who may do everything.",
            run="dovetail.contrib.auth.commands:createsuperuser",
            quickstart=("--if-none",),
        ),
        Command(
            name="changepassword",
            help="Give a user a new password.",
            run="dovetail.contrib.auth.commands:changepassword",
        ),
        Command(name="cleartokens", help="Remove expired tokens.", run="dovetail.contrib.auth.commands:cleartokens"),
    ),
    checks=lazy(
        "dovetail.contrib.auth.checks:check_email",
        "dovetail.contrib.auth.checks:check_lifetimes",
        "dovetail.contrib.auth.checks:check_registration",
        "dovetail.contrib.auth.checks:check_superuser",
    ),
    setup=deferred("dovetail.contrib.auth.api.dependencies:setup"),
)
