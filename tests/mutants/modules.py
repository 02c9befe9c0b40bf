"""The modules where a silent mistake lets somebody in, and the tests that are nearest to each.

Of the tests that are named here those are run that enter the broken lines, the first place that is named before the
next. Every module of `ROOMS` is named, or excepted with a reason.
"""

import re

from tests.mutants.auth_modules import ACCOUNT, ADMIN, AUTH, AUTH_MODULES, ENTRY, room

RESOURCES, THROTTLING = "tests/resources", "tests/contrib/throttling"

ROOMS = (
    "dovetail/contrib/auth",
    "dovetail/contrib/throttling",
    "dovetail/contrib/admin/account",
    "dovetail/contrib/admin/entry",
    "dovetail/contrib/admin/rules",
    "dovetail/resources/policies",
)

# Whatever else is called so is named or excepted too, wherever it stands.
NAMES = re.compile("polic|permission|session|token|csrf|cursor|etag|cookie|credential|password|unit_of_work")

DECLARED = "it only declares"
EXCEPTED = {
    "dovetail/contrib/auth/api/schemas.py": f"{DECLARED} bodies and answers",
    "dovetail/contrib/auth/api/second_factors/schemas.py": f"{DECLARED} bodies and answers",
    "dovetail/contrib/auth/providers/schemas.py": f"{DECLARED} bodies and answers",
    "dovetail/contrib/auth/events/models.py": f"{DECLARED} a table",
    "dovetail/contrib/auth/events/words.py": f"{DECLARED} texts",
    "dovetail/contrib/auth/factors/models.py": f"{DECLARED} tables",
    "dovetail/contrib/auth/mail/models.py": f"{DECLARED} a table",
    "dovetail/contrib/auth/models.py": f"{DECLARED} tables",
    "dovetail/contrib/auth/providers/models.py": f"{DECLARED} a table",
    "dovetail/contrib/auth/sessions/models.py": f"{DECLARED} tables",
    "dovetail/contrib/auth/tokens/models.py": f"{DECLARED} a table",
    "dovetail/contrib/auth/access.py": f"{DECLARED} the names under which others are public",
    "dovetail/contrib/throttling/storages.py": f"{DECLARED} the methods of a storage",
    "dovetail/contrib/throttling/models.py": f"{DECLARED} a table",
    "dovetail/contrib/auth/plugin.py": f"{DECLARED} what the plugin brings",
    "dovetail/contrib/history/policies.py": f"{DECLARED} who reads the log",
    "dovetail/contrib/throttling/plugin.py": f"{DECLARED} what the plugin brings",
    "dovetail/contrib/auth/settings.py": f"{DECLARED} settings",
    "dovetail/contrib/auth/setting_types/limits.py": f"{DECLARED} settings",
    "dovetail/contrib/auth/testing.py": "it holds fixtures for tests, and no site runs it",
}


MODULES: dict[str, tuple[str, ...]] = {
    "dovetail/signing.py": ("tests/test_signing.py",),
    "dovetail/api/credentials.py": (f"{AUTH}/credentials", f"{AUTH}/test_access.py"),
    "dovetail/api/principal.py": (
        "tests/api/pages/test_debug.py",
        "tests/api/pages/test_docs.py",
        f"{ENTRY}/test_entrance.py",
    ),
    **AUTH_MODULES,
    **room(
        "dovetail/contrib/throttling",
        THROTTLING,
        circuit_breaker=(f"{THROTTLING}/test_redis_failures.py",),
        database_cells=(f"{THROTTLING}/test_limiter.py",),
        database_storage=(f"{THROTTLING}/test_database_storage.py",),
        expired=(f"{THROTTLING}/test_database_storage.py",),
        limiter=(f"{THROTTLING}/test_limiter.py",),
        limits_private=(f"{THROTTLING}/test_limiter.py",),
        redis_storage=(f"{THROTTLING}/test_database_storage.py",),
        statements=(f"{THROTTLING}/test_database_storage.py",),
    ),
    "dovetail/contrib/admin/checks/policy_checks.py": (f"{ADMIN}/checks/test_policy_checks.py",),
    "dovetail/contrib/admin/columns/code_names.py": (f"{ADMIN}/rules/test_code_names.py",),
    "dovetail/contrib/admin/permissions.py": (
        f"{ADMIN}/rules/test_rows.py",
        f"{ADMIN}/test_permissions.py",
        f"{ADMIN}/rules/test_fields.py",
    ),
    **room(
        "dovetail/contrib/admin/account",
        f"{ACCOUNT}/test_account_page.py",
        choices=(f"{ADMIN}/looks/test_languages.py",),
        connected=(f"{AUTH}/providers/test_back_office.py",),
        factors=(f"{ACCOUNT}/test_factors.py",),
        forgotten=(f"{ACCOUNT}/test_forgotten.py",),
        own_sections=(),
        page=(),
        password=(f"{ACCOUNT}/test_sessions.py", f"{ADMIN}/mounting/test_sites.py"),
        sections=(),
        sessions=(f"{ACCOUNT}/test_sessions.py",),
        tokens=(f"{ACCOUNT}/test_tokens.py",),
    ),
    **room(
        "dovetail/contrib/admin/entry",
        f"{ENTRY}/test_entrance.py",
        f"{ENTRY}/test_rotation.py",
        access=(f"{ADMIN}/test_permissions.py",),
        admission=(),
        by_provider=(f"{AUTH}/providers/test_back_office.py",),
        enrolment=(f"{ACCOUNT}/test_enrolment.py", f"{ACCOUNT}/test_factors.py"),
        entering=(f"{ACCOUNT}/test_factors.py", f"{ACCOUNT}/test_enrolment.py"),
        guard=(f"{ENTRY}/test_entrance.py", f"{ADMIN}/web/test_csrf.py", f"{ADMIN}/test_responses_of_hooks.py"),
        kept_forms=(f"{ENTRY}/test_lost_sessions.py",),
        login=(f"{ENTRY}/test_entrance.py", f"{ADMIN}/web/test_csrf.py"),
        preparation=(f"{ADMIN}/test_responses_of_hooks.py",),
        prove=(f"{ENTRY}/test_rotation.py", f"{ACCOUNT}/test_sessions.py"),
        returning=(f"{ENTRY}/test_lost_sessions.py",),
        second_step=(f"{ACCOUNT}/test_factors.py", f"{AUTH}/factors/test_back_office.py"),
        sessions=(),
    ),
    **room(
        "dovetail/contrib/admin/rules",
        f"{ADMIN}/rules",
        fields=(f"{ADMIN}/rules/test_fields.py",),
        lost_keys=(f"{ADMIN}/forms/test_forms.py",),
        rules=(f"{ADMIN}/rules/test_rows.py",),
    ),
    **room(
        "dovetail/contrib/admin/web",
        cookies=(f"{ADMIN}/web/test_cookies.py",),
        csrf=(f"{ADMIN}/web/test_csrf.py",),
        impersonation=(f"{ENTRY}/test_acting.py",),
        messages=(f"{ADMIN}/web/test_messages.py",),
    ),
    "dovetail/files/tokens.py": ("tests/contrib/media/test_rest.py",),
    "dovetail/contrib/idempotency/store.py": (
        f"{RESOURCES}/endpoints/test_idempotency.py",
        f"{RESOURCES}/endpoints/test_idempotent_retries.py",
    ),
    **room(
        "dovetail/database",
        "tests/database/test_unit_of_work.py",
        fast_unit_of_work=(f"{RESOURCES}/read/test_roads.py",),
        session=("tests/database/test_session.py", "tests/database/test_streaming.py"),
        unit_of_work=("tests/database/test_unit_of_work.py", "tests/database/test_session.py"),
    ),
    "dovetail/resources/deprecated_hooks.py": (f"{AUTH}/test_registered_policies.py", f"{ADMIN}/rules/test_rows.py"),
    "dovetail/resources/endpoints/idempotency.py": (
        f"{RESOURCES}/endpoints/test_idempotency.py",
        f"{RESOURCES}/endpoints/test_idempotent_retries.py",
    ),
    "dovetail/resources/key_reader.py": (f"{RESOURCES}/endpoints/test_narrowed_lists.py",),
    "dovetail/resources/policy.py": (f"{RESOURCES}/test_policy.py", f"{RESOURCES}/test_policy_calls.py"),
    "dovetail/resources/policy_checks.py": (f"{AUTH}/test_registered_policies.py", f"{RESOURCES}/test_checks.py"),
    "dovetail/resources/visibility.py": (f"{RESOURCES}/test_visibility.py",),
    **room(
        "dovetail/resources/policies",
        f"{RESOURCES}/policies",
        f"{AUTH}/test_registered_policies.py",
        access=(),
        closed=(f"{AUTH}/test_registered_policies.py",),
        own_subqueries=(f"{RESOURCES}/policies/test_rows.py",),
        registered=(),
    ),
    "dovetail/resources/query/cursors.py": (f"{RESOURCES}/query/test_cursors.py",),
    "dovetail/resources/query/search.py": ("tests/database/search/test_search.py", f"{RESOURCES}/test_policy.py"),
    "dovetail/resources/query/where.py": (
        f"{RESOURCES}/endpoints/test_lists.py",
        f"{RESOURCES}/query/test_cursors.py",
        f"{RESOURCES}/test_policy.py",
    ),
    "dovetail/resources/read/etags.py": (f"{RESOURCES}/read/test_etags.py",),
    **room(
        "dovetail/resources/write",
        single_statement=(f"{RESOURCES}/write/test_single_statement.py", f"{RESOURCES}/endpoints/test_items.py"),
        conditional_writes=(f"{RESOURCES}/write/test_single_statement.py", f"{RESOURCES}/endpoints/test_items.py"),
        references=(f"{RESOURCES}/policies/test_rows.py", f"{RESOURCES}/write/test_writer.py"),
        writer=(f"{RESOURCES}/policies", f"{RESOURCES}/write/test_writer.py", f"{RESOURCES}/endpoints/test_items.py"),
    ),
    "dovetail/resources/write/creation/creator.py": (
        f"{RESOURCES}/write/test_writer.py",
        f"{RESOURCES}/endpoints/test_items.py",
    ),
    "plugins/blog/policies.py": ("tests/plugins/blog/test_posts_api.py", "tests/plugins/blog/test_tags_api.py"),
    "plugins/comments/policies.py": ("tests/plugins/comments/test_comments_api.py",),
}

# Their tests start commands, each in a process of its own, of which nobody here sees what it runs.
COMMANDS = frozenset(
    path
    for path in MODULES
    if "/commands" in path or path.startswith(("dovetail/contrib/auth/upkeep/", "dovetail/contrib/auth/factors/links"))
)

LIBRARIES = (  # what takes long to import, and is the same for every mutant
    *(
        "alembic.command",
        "alembic.autogenerate",
        "aiosqlite",
        "fastapi",
        "fastapi_users",
        "httpx",
        "pwdlib",
        "sqladmin",
    ),
    *("sqlalchemy.ext.asyncio", "uvicorn", "wtforms", "email_validator", "pydantic_settings", "argon2", "bcrypt"),
)
