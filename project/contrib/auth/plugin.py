"""The table of contents of the auth plugin."""

from project.command import Command
from project.contrib.auth.settings import AuthSettings
from project.plugin import Plugin, deferred, lazy

plugin = Plugin(
    name="auth",
    settings=AuthSettings,
    models=lazy(
        "project.contrib.auth.models:User",
        "project.contrib.auth.models:AccessToken",
        "project.contrib.auth.models:OneTimeToken",
    ),
    routers=lazy("project.contrib.auth.api:router", "project.contrib.auth.api_users:router"),
    admin_views=lazy("project.contrib.auth.admin:UserAdmin"),
    commands=(
        Command(
            name="createsuperuser",
            help="Make a user who may do everything.",
            run="project.contrib.auth.commands:createsuperuser",
            quickstart=("--if-none",),
        ),
        Command(
            name="changepassword",
            help="Give a user a new password.",
            run="project.contrib.auth.commands:changepassword",
        ),
        Command(name="cleartokens", help="Remove expired tokens.", run="project.contrib.auth.commands:cleartokens"),
    ),
    checks=lazy(
        "project.contrib.auth.checks:check_email",
        "project.contrib.auth.checks:check_lifetimes",
        "project.contrib.auth.checks:check_registration",
    ),
    setup=deferred("project.contrib.auth.site:setup"),
)
