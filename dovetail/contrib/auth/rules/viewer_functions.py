"""PostgreSQL functions that return the viewer named by `SET dovetail.user_id = '7'`; unset is an anonymous user.

They run with the rights of their owner, so that the reading role needs no access to accounts. Each is called in a
subquery, `(SELECT dovetail_viewer_id())`, so that it is evaluated once per statement and not once per row.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Dialect, String, inspect, literal, literal_column, or_, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseElement

from dovetail.contrib.auth.models import User, groups_permissions, users_groups, users_permissions
from dovetail.contrib.auth.rules.paths import Question, ValueOf, viewer_columns

SETTING = "dovetail.user_id"
QUOTE = "$dovetail$"
# Names are resolved with the search_path at creation, which the caller cannot change.
DEFINER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT"
_KEY = f"nullif(current_setting('{SETTING}', true), '')"


def viewer_functions(used_by: str) -> Iterator[str]:
    """Yield the statements that create the functions; for columns of the user, only those that `used_by` contains.

    Whoever can run SQL of their own can set any user id, and so read what these functions return for any user.
    """
    yield _function("is_unknown()", "boolean", select(literal_column(f"{_KEY} IS NULL")))
    user = select(User.id).where(User.id == literal_column(f"{_KEY}::bigint"), User.is_active)
    yield _function("is_known()", "boolean", select(user.exists()))
    own = select(users_permissions.c.permission_name).where(users_permissions.c.user_id == User.id)
    by_groups = (
        select(groups_permissions.c.permission_name)
        .join_from(users_groups, groups_permissions, users_groups.c.group_id == groups_permissions.c.group_id)
        .where(users_groups.c.user_id == User.id)
    )
    wanted = literal_column("wanted", String)
    held = or_(User.is_superuser, wanted.in_(own.correlate(User)), wanted.in_(by_groups.correlate(User)))
    yield _function("has_perm(wanted text)", "boolean", select(user.where(held).exists()))
    for column in inspect(User).columns:
        if f"dovetail_viewer_{column.key}()" in used_by:
            kind = column.type.compile(dialect=dialect())
            yield _function(f"{column.key}()", kind, user.with_only_columns(column))


def viewer_column() -> ValueOf:
    """Return a ValueOf that returns columns of the viewer as SQL for PostgreSQL."""
    return viewer_columns(lambda name: f"(SELECT dovetail_viewer_{name}())")


def answered(question: Question) -> ColumnElement[bool]:
    """Return the answer to a question about the viewer, as SQL for PostgreSQL."""
    if question.is_permission:
        return literal_column(f"(SELECT dovetail_viewer_has_perm({as_text(literal(question.name))}))")
    return literal_column(f"(SELECT dovetail_viewer_{question.name}())")


def is_known() -> ColumnElement[bool]:
    """Return SQL that is true for an active user."""
    return literal_column("(SELECT dovetail_viewer_is_known())")


def is_unknown() -> ColumnElement[bool]:
    """Return SQL that is true for an anonymous user."""
    return literal_column("(SELECT dovetail_viewer_is_unknown())")


def as_text(statement: ClauseElement) -> str:
    """Return SQL for PostgreSQL as text, with literal values."""
    return str(statement.compile(dialect=dialect(), compile_kwargs={"literal_binds": True}))


def quoted(body: str) -> str:
    """Return the body of a function, dollar-quoted."""
    return f"{QUOTE}{body}{QUOTE}"


def dialect() -> Dialect:
    """Return PostgreSQL's dialect with a paramstyle in which % is not doubled, as no driver processes the text."""
    return postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy declares no types there


def _function(signature: str, kind: str, body: ClauseElement) -> str:
    return f"CREATE OR REPLACE FUNCTION dovetail_viewer_{signature} RETURNS {kind} {DEFINER} AS {quoted(as_text(body))}"
