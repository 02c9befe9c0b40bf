"""The table of contents of the auth plugin."""

from dovetail.contrib.auth.settings import AuthSettings
from dovetail.plugin import AfterMigrate, Command, Plugin, deferred, lazy

plugin = Plugin(
    name="auth",
    depends_on=("throttling",),
    settings=AuthSettings,
    models=lazy(
        "dovetail.contrib.auth.models:User",
        "dovetail.contrib.auth.models:Group",
        "dovetail.contrib.auth.models:Permission",
        "dovetail.contrib.auth.sessions.models:Session",
        "dovetail.contrib.auth.sessions.models:RefreshToken",
        "dovetail.contrib.auth.tokens.models:PersonalToken",
        "dovetail.contrib.auth.models:OneTimeToken",
        "dovetail.contrib.auth.events.models:SecurityEvent",
        "dovetail.contrib.auth.factors.models:Totp",
        "dovetail.contrib.auth.factors.models:Passkey",
        "dovetail.contrib.auth.factors.models:RecoveryCode",
        "dovetail.contrib.auth.factors.models:Challenge",
        "dovetail.contrib.auth.providers.models:ConnectedLogin",
        "dovetail.contrib.auth.providers.models:ProviderLogin",
        "dovetail.contrib.auth.mail.models:OutgoingMail",
    ),
    internal_models=(
        "RefreshToken",
        "OneTimeToken",
        "SecurityEvent",
        "Totp",
        "Passkey",
        "RecoveryCode",
        "Challenge",
        "ConnectedLogin",
        "ProviderLogin",
        "OutgoingMail",
    ),
    policies=lazy(
        User="dovetail.contrib.auth.api.policies:USERS",
        Group="dovetail.contrib.auth.api.policies:GROUPS",
        Permission="dovetail.contrib.auth.api.policies:PERMISSIONS",
        OutgoingMail="dovetail.contrib.auth.api.policies:OUTGOING_MAIL",
        SecurityEvent="dovetail.contrib.auth.api.policies:SECURITY_EVENTS",
    ),
    routers=lazy(
        auth="dovetail.contrib.auth.api.auth:router",
        sessions="dovetail.contrib.auth.api.sessions:router",
        tokens="dovetail.contrib.auth.api.tokens:router",
        refresh="dovetail.contrib.auth.api.refresh:router",
        groups="dovetail.contrib.auth.api.groups:router",
        providers="dovetail.contrib.auth.api.providers:router",
        users="dovetail.contrib.auth.api.users:router",
    ),
    admin_views=lazy(
        "dovetail.contrib.auth.admin:UserAdmin",
        "dovetail.contrib.auth.admin:GroupAdmin",
        "dovetail.contrib.auth.events.admin:SecurityEventAdmin",
        "dovetail.contrib.auth.mail.admin:OutgoingMailAdmin",
    ),
    commands=(
        Command(
            name="createsuperuser",
            help="Make a user who may do everything.",
            run="dovetail.contrib.auth.commands.accounts:createsuperuser",
            quickstart=("--if-none",),
        ),
        Command(
            name="changepassword",
            help="Give a user a new password.",
            run="dovetail.contrib.auth.commands.accounts:changepassword",
        ),
        Command(
            name="createtoken",
            help="Make a personal token of a user, for a program.",
            run="dovetail.contrib.auth.commands.createtoken:createtoken",
        ),
        Command(
            name="unlock",
            help="Forget the failed logins of a user or an address.",
            run="dovetail.contrib.auth.commands.unlock:unlock",
        ),
        Command(
            name="creategroup",
            help="Make a group of users who are permitted the same.",
            run="dovetail.contrib.auth.commands.permissions:creategroup",
        ),
        Command(
            name="grant",
            help="Give a user or a group permissions.",
            run="dovetail.contrib.auth.commands.permissions:grant",
        ),
        Command(
            name="revoke",
            help="Take permissions from a user or a group.",
            run="dovetail.contrib.auth.commands.permissions:revoke",
        ),
        Command(
            name="permissions",
            help="List what a user or a group is permitted, and by what.",
            run="dovetail.contrib.auth.commands.permissions:permissions",
        ),
        Command(
            name="why",
            help="Tell why somebody may do something, or not.",
            run="dovetail.contrib.auth.commands.rules:why",
        ),
        Command(
            name="rls",
            help="Write the policies as row-level security of PostgreSQL.",
            run="dovetail.contrib.auth.commands.rules:rls",
        ),
        Command(
            name="sessions",
            help="List who is logged in, or end sessions.",
            run="dovetail.contrib.auth.commands.sessions:sessions",
        ),
        Command(
            name="purge-expired",
            help="Remove sessions and tokens that are over.",
            run="dovetail.contrib.auth.commands.sessions:purge_expired",
        ),
        Command(
            name="cleartokens",
            help="The earlier name of purge-expired.",
            run="dovetail.contrib.auth.commands.sessions:purge_expired",
        ),
        Command(
            name="sendmail",
            help="Send the mail that is due, and list what was given up.",
            run="dovetail.contrib.auth.commands.sendmail:sendmail",
        ),
        Command(
            name="enrolmentlink",
            help="Print a link with which a user registers a passkey, once.",
            run="dovetail.contrib.auth.commands.factors:enrolmentlink",
        ),
        Command(
            name="removefactors",
            help="Remove the second factors of a user who lost them.",
            run="dovetail.contrib.auth.commands.factors:removefactors",
        ),
    ),
    checks=lazy(
        "dovetail.contrib.auth.checks:check_email",
        "dovetail.contrib.auth.checks:check_lifetimes",
        "dovetail.contrib.auth.checks:check_registration",
        "dovetail.contrib.auth.checks:check_sessions",
        "dovetail.contrib.auth.checks:check_superuser",
        "dovetail.contrib.auth.providers.checks:check_providers",
        "dovetail.contrib.auth.factors.checks:check_requirement",
        "dovetail.contrib.auth.factors.checks:check_passkeys",
    ),
    extensions={
        "auth.permissions": [
            ("remove_factors", "Can remove the second factors of others"),
            ("impersonate_user", "Can act as other staff who may do no more"),
        ],
        "auth.end_sessions": lazy("dovetail.contrib.auth.factors.challenges:end_challenges"),
        "auth.expired": lazy(
            "dovetail.contrib.auth.factors.challenges:EXPIRED",
            "dovetail.contrib.auth.upkeep.old_rows:EVENTS",
            "dovetail.contrib.auth.upkeep.old_rows:MAIL",
            "dovetail.contrib.auth.providers.logins:EXPIRED",
        ),
    },
    after_migrate=AfterMigrate(
        is_due=deferred("dovetail.contrib.auth.permissions.declared:is_due"),
        run=deferred("dovetail.contrib.auth.permissions.stored:store_permissions"),
    ),
    lifespan=deferred("dovetail.contrib.auth.api.lifespan:lifespan"),
    setup=deferred("dovetail.contrib.auth.api.dependencies:setup"),
)
