"""The table of contents of the auth plugin."""

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
    setup=deferred("project.contrib.auth.site:setup"),
)
