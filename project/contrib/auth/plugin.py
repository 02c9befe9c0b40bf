"""The table of contents of the auth plugin."""

from project.plugin import Plugin, lazy

plugin = Plugin(
    name="auth",
    models=lazy("project.contrib.auth.models:User", "project.contrib.auth.models:AccessToken"),
)
