"""The table of contents of the back office."""

from project.contrib.admin.settings import AdminSettings
from project.plugin import Plugin, deferred, lazy

plugin = Plugin(
    name="admin",
    depends_on=("auth",),
    settings=AdminSettings,
    models=lazy("project.contrib.admin.models:AdminSession"),
    extensions={"auth.end_sessions": lazy("project.contrib.admin.sessions:end_sessions")},
    checks=lazy(
        "project.contrib.admin.checks:check_sessions",
        "project.contrib.admin.checks:check_pool",
        "project.contrib.admin.index_checks:check_indexes",
    ),
    setup=deferred("project.contrib.admin.site:mount"),
)
