"""Functions in PostgreSQL that tell who is asking, as `SET dovetail.user_id = '7'` says; unset is somebody unknown.

They look with the rights of their owner: the role that reads need not be able to read accounts. Each is called in a
subquery of its own, `(SELECT dovetail_viewer_id())`, so that it is asked once a statement and not once a row.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Dialect, String, inspect, literal, literal_column, or_, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseElement

from dovetail.contrib.auth.models import User, groups_permissions, users_groups, users_permissions
from dovetail.contrib.auth.rules.paths import Question, ValueOf, viewer_columns

SETTING = "dovetail.user_id"
QUOTE = "$dovetail$"
# Names are looked up where they are when the function is made, not where its caller says.
DEFINER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT"
_KEY = f"nullif(current_setting('{SETTING}', true), '')"


def viewer_functions(used_by: str) -> Iterator[str]:
    """Yield the statements that make them; of a user's columns only those that the statements `used_by` ask for.

    Whoever may write SQL of their own may say who they are, and so read what these functions tell of anybody.
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
    """Return what gives a column of the viewer, `value_of("id")`, as SQL for PostgreSQL."""
    return viewer_columns(lambda name: f"(SELECT dovetail_viewer_{name}())")


def answered(question: Question) -> ColumnElement[bool]:
    """Return the answer to a question about the viewer, as SQL for PostgreSQL."""
    if question.is_permission:
        return literal_column(f"(SELECT dovetail_viewer_has_perm({as_text(literal(question.name))}))")
    return literal_column(f"(SELECT dovetail_viewer_{question.name}())")


def is_known() -> ColumnElement[bool]:
    """Return True, as SQL, for an active user."""
    return literal_column("(SELECT dovetail_viewer_is_known())")


def is_unknown() -> ColumnElement[bool]:
    """Return True, as SQL, for somebody who did not say who they are."""
    return literal_column("(SELECT dovetail_viewer_is_unknown())")


def as_text(statement: ClauseElement) -> str:
    """Return SQL for PostgreSQL as text, its values in it."""
    return str(statement.compile(dialect=dialect(), compile_kwargs={"literal_binds": True}))


def quoted(body: str) -> str:
    """Return the body of a function, quoted."""
    return f"{QUOTE}{body}{QUOTE}"


def dialect() -> Dialect:
    """Return the dialect of PostgreSQL, which writes % once, as no driver reads it."""
    return postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy declares no types there


def _function(signature: str, kind: str, body: ClauseElement) -> str:
    return f"CREATE OR REPLACE FUNCTION dovetail_viewer_{signature} RETURNS {kind} {DEFINER} AS {quoted(as_text(body))}"
