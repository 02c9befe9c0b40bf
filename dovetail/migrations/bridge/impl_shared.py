"""Corrections of Alembic's dialects that both databases need, and warnings that are expected of them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.ddl.impl import DefaultImpl
from sqlalchemy import JSON, Column, MetaData, PrimaryKeyConstraint, String, Table
from sqlalchemy.schema import CheckConstraint, Constraint
from sqlalchemy.sql.elements import conv

from dovetail.database.column_types import utcnow
from dovetail.migrations.bridge.alembic_private import BATCH_PREFIX, is_type_bound
from dovetail.migrations.bridge.expressions import are_alike
from dovetail.migrations.bridge.portable import is_clock, literal_of


class LongRevisionIds:
    """Alembic's own table has VARCHAR(32), which PostgreSQL enforces; `blog_0002_post_view_count` may be longer."""

    def version_table_impl(self, *, version_table: str, version_table_schema: str | None, **_kwargs: object) -> Table:
        """Return a version table with room for long ids."""
        return Table(
            version_table,
            MetaData(),
            Column("version_num", String(255), nullable=False),
            PrimaryKeyConstraint("version_num", name=f"{version_table}_pkc"),
            schema=version_table_schema,
        )


class OwnDefaults(DefaultImpl):
    """Defaults that Alembic takes for changed, or cannot compare."""

    def compare_server_default(
        self,
        inspector_column: Column[object],
        metadata_column: Column[object],
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Return True if two defaults differ."""
        if isinstance(metadata_column.type, JSON):
            return False  # PostgreSQL has no equality of json, and Alembic would ask it
        argument = getattr(metadata_column.server_default, "arg", None)
        if isinstance(argument, utcnow):
            return rendered_inspector_default is None or not is_clock(rendered_inspector_default)
        if isinstance(argument, str) and rendered_inspector_default is not None:
            # Alembic takes '' for a change
            return argument not in (literal_of(rendered_inspector_default), rendered_inspector_default)
        defaults = (rendered_inspector_default, rendered_metadata_default)
        if all(defaults) and are_alike(*map(str, defaults)):
            return False  # Alembic would compare them in PostgreSQL, where each `nextval` gives another number
        differ: bool = super().compare_server_default(  # type: ignore[no-untyped-call]  # Alembic's
            inspector_column, metadata_column, rendered_metadata_default, rendered_inspector_default
        )
        return differ


def name_by_convention(constraint: Constraint) -> None:
    """Give the CHECK that comes with a type the name that it has in a database made from the models."""
    name = constraint.name
    if isinstance(constraint, CheckConstraint) and is_type_bound(constraint) and not isinstance(name, conv):
        # Imported here: hardly a migration has one, and none else needs the ORM.
        from dovetail.database.models import NAMING_CONVENTION, name_of_check

        given = name_of_check(constraint, constraint.table)
        table = constraint.table.name.removeprefix(BATCH_PREFIX)
        constraint.name = conv(NAMING_CONVENTION["ck"] % {"table_name": table, "constraint_name": given})


# SQLAlchemy cannot reflect SQLite's indexes on expressions; DovetailSQLiteImpl keeps them.
EXPRESSIONS = ".*expression-based index"
# Tables that refer to each other have no order; `splitting` breaks them apart.
CIRCLES = "Cannot correctly sort tables"
# Alembic cannot change one; `computed` makes it anew.
COMPUTED = "Computed default on .* cannot be modified"


@contextmanager
def expected_warnings_ignored() -> Iterator[None]:
    """Say nothing about them for a block."""
    with warnings.catch_warnings():
        for message in (EXPRESSIONS, CIRCLES, COMPUTED):
            warnings.filterwarnings("ignore", message=message)
        yield
