"""The table of contents of the back office."""

from dovetail.contrib.admin.settings import AdminSettings
from dovetail.plugin import Plugin, deferred, lazy

plugin = Plugin(
    name="admin",
    depends_on=("auth",),
    settings=AdminSettings,
    checks=lazy(
        "dovetail.contrib.admin.checks.production:check_sessions",
        "dovetail.contrib.admin.checks.production:check_pool",
        "dovetail.contrib.admin.checks.index_checks:check_indexes",
        "dovetail.contrib.admin.mounting.legacy_templates:check_legacy_templates",
        "dovetail.contrib.admin.checks.policy_checks:check_policies",
        "dovetail.contrib.admin.checks.own_statements:check_own_statements",
    ),
    models=lazy(
        "dovetail.contrib.admin.models:KeptForm",
        "dovetail.contrib.admin.models:Preference",
        "dovetail.contrib.admin.models:FormDraft",
        "dovetail.contrib.admin.models:SavedView",
        "dovetail.contrib.admin.models:ImportedTable",
        "dovetail.contrib.admin.presence.models:Presence",
    ),
    internal_models=("FormDraft", "ImportedTable", "KeptForm", "Preference", "Presence", "SavedView"),
    extensions={
        "admin.account": lazy(
            "dovetail.contrib.admin.account.own_sections:CHOICES",
            "dovetail.contrib.admin.account.own_sections:SESSIONS",
            "dovetail.contrib.admin.account.own_sections:FACTORS",
            "dovetail.contrib.admin.account.own_sections:TOKENS",
            "dovetail.contrib.admin.account.own_sections:PASSWORD",
            "dovetail.contrib.admin.account.own_sections:CONNECTED",
        ),
        "admin.dashboard": lazy("dovetail.contrib.admin.dashboard.pool:POOL"),
        "auth.language": lazy("dovetail.contrib.admin.web.preferences:language_of"),
        "auth.permissions": [("view_pool", "Can see how many connections to the database are in use")],
        "auth.expired": lazy(
            "dovetail.contrib.admin.models:EXPIRED",
            "dovetail.contrib.admin.models:DRAFTS_EXPIRED",
            "dovetail.contrib.admin.models:TABLES_EXPIRED",
            "dovetail.contrib.admin.presence.models:EXPIRED",
        ),
    },
    paths={"office": "/admin"},
    setup=deferred("dovetail.contrib.admin.site:mount"),
)
