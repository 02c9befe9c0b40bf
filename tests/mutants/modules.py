"""The modules where a silent mistake lets somebody in, and the tests that are nearest to each."""

AUTH, ADMIN, RESOURCES = "tests/contrib/auth", "tests/contrib/admin", "tests/resources"

MODULES: dict[str, tuple[str, ...]] = {
    "dovetail/signing.py": ("tests/test_signing.py",),
    "dovetail/api/principal.py": (
        "tests/api/pages/test_debug.py",
        "tests/api/pages/test_docs.py",
        f"{ADMIN}/entry/test_entrance.py",
    ),
    "dovetail/contrib/auth/accounts/access_tokens.py": (
        f"{AUTH}/accounts/test_access_tokens.py",
        f"{AUTH}/test_access.py",
        f"{AUTH}/test_locks.py",
    ),
    "dovetail/contrib/auth/accounts/one_time_tokens.py": (
        f"{AUTH}/accounts/test_one_time_tokens.py",
        f"{AUTH}/test_locks.py",
    ),
    "dovetail/contrib/auth/accounts/password_validation.py": (f"{AUTH}/accounts/test_password_validation.py",),
    "dovetail/contrib/auth/accounts/passwords.py": (f"{AUTH}/accounts/test_passwords.py",),
    "dovetail/contrib/auth/accounts/store.py": (f"{AUTH}/test_users.py", f"{AUTH}/api/test_registration.py"),
    "dovetail/contrib/auth/user_policies.py": (
        f"{AUTH}/test_access.py",
        f"{AUTH}/test_policies.py",
        f"{RESOURCES}/test_policy.py",
    ),
    "dovetail/contrib/auth/credential_changes.py": (
        f"{AUTH}/test_credential_changes.py",
        f"{AUTH}/api/test_profile.py",
        f"{AUTH}/api/test_users_api.py",
    ),
    "dovetail/contrib/auth/manager.py": (
        f"{AUTH}/api/test_reset_password.py",
        f"{AUTH}/api/test_verification.py",
        f"{AUTH}/test_credential_changes.py",
        f"{AUTH}/test_locks.py",
    ),
    "dovetail/contrib/auth/users.py": (
        f"{AUTH}/test_users.py",
        f"{AUTH}/api/test_login.py",
        f"{AUTH}/test_locks.py",
        f"{AUTH}/api/test_registration.py",
        f"{AUTH}/test_credential_changes.py",
    ),
    "dovetail/contrib/admin/entry/access.py": (f"{ADMIN}/test_rights.py", f"{ADMIN}/checks/test_options.py"),
    "dovetail/contrib/admin/entry/guard.py": (
        f"{ADMIN}/entry/test_entrance.py",
        f"{ADMIN}/web/test_csrf.py",
        f"{ADMIN}/test_answers.py",
    ),
    "dovetail/contrib/admin/entry/login.py": (f"{ADMIN}/entry/test_entrance.py", f"{ADMIN}/web/test_csrf.py"),
    "dovetail/contrib/admin/entry/sessions.py": (f"{ADMIN}/entry/test_entrance.py", f"{ADMIN}/entry/test_rotation.py"),
    "dovetail/contrib/admin/entry/admission.py": (
        f"{ADMIN}/entry/test_entrance.py",
        f"{ADMIN}/entry/test_rotation.py",
    ),
    "dovetail/contrib/admin/entry/kept_forms.py": (f"{ADMIN}/entry/test_lost_sessions.py",),
    "dovetail/contrib/admin/entry/prove.py": (f"{ADMIN}/entry/test_rotation.py", f"{ADMIN}/account/test_sessions.py"),
    "dovetail/contrib/admin/entry/returning.py": (f"{ADMIN}/entry/test_lost_sessions.py",),
    "dovetail/contrib/auth/proof.py": (f"{AUTH}/api/test_sessions.py",),
    "dovetail/contrib/auth/sessions/current.py": (f"{AUTH}/sessions/test_use.py", f"{AUTH}/sessions/test_log_in.py"),
    "dovetail/contrib/auth/sessions/ending.py": (
        f"{AUTH}/accounts/test_access_tokens.py",
        f"{AUTH}/api/test_sessions.py",
    ),
    "dovetail/contrib/auth/sessions/listing.py": (f"{AUTH}/api/test_sessions.py",),
    "dovetail/contrib/auth/sessions/log_in.py": (f"{AUTH}/sessions/test_log_in.py",),
    "dovetail/contrib/auth/sessions/rotation.py": (f"{ADMIN}/entry/test_rotation.py",),
    "dovetail/contrib/auth/sessions/use.py": (f"{AUTH}/sessions/test_use.py",),
    "dovetail/contrib/admin/permissions.py": (f"{ADMIN}/test_rights.py",),
    "dovetail/contrib/admin/web/cookies.py": (f"{ADMIN}/web/test_cookies.py",),
    "dovetail/contrib/admin/web/csrf.py": (f"{ADMIN}/web/test_csrf.py",),
    "dovetail/contrib/admin/web/messages.py": (f"{ADMIN}/web/test_messages.py",),
    "dovetail/contrib/idempotency/store.py": (
        f"{RESOURCES}/write/test_idempotency.py",
        f"{RESOURCES}/write/test_idempotent_retries.py",
    ),
    "dovetail/database/unit_of_work.py": ("tests/database/test_unit_of_work.py", "tests/database/test_session.py"),
    "dovetail/resources/policy.py": (f"{RESOURCES}/test_policy.py", f"{RESOURCES}/test_policy_calls.py"),
    "dovetail/resources/visibility.py": (f"{RESOURCES}/test_visibility.py",),
    "dovetail/resources/query/cursors.py": (f"{RESOURCES}/query/test_cursors.py",),
    "dovetail/resources/query/search.py": ("tests/database/search/test_search.py", f"{RESOURCES}/test_policy.py"),
    "dovetail/resources/query/where.py": (
        f"{RESOURCES}/endpoints/test_lists.py",
        f"{RESOURCES}/query/test_cursors.py",
        f"{RESOURCES}/test_policy.py",
    ),
    "dovetail/resources/read/etags.py": (f"{RESOURCES}/read/test_etags.py",),
    "dovetail/resources/write/idempotency.py": (
        f"{RESOURCES}/write/test_idempotency.py",
        f"{RESOURCES}/write/test_idempotent_retries.py",
    ),
    "plugins/blog/policies.py": ("tests/plugins/blog/test_posts_api.py", "tests/plugins/blog/test_tags_api.py"),
    "plugins/comments/policies.py": ("tests/plugins/comments/test_comments_api.py",),
}

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
