"""The base of all models, mixins with common columns, and functions for indexes and conditions.

    class Post(IdMixin, TimestampMixin, Base): ...
    POST_TEXT = full_text(Post, "title", "content")
    statement = select(Post).where(related(Post.tags, Tag.name == "python"))

Files and images (`FileField`, `ImageField`, storages) are named here, too, for models that have them.
"""

import enum
from datetime import datetime
from hashlib import blake2b
from typing import ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Constraint,
    Enum,
    FromClause,
    Identity,
    Integer,
    MetaData,
    Sequence,
    Table,
    event,
)
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, RelationshipProperty, mapped_column

from dovetail.database.column_types import UTCDateTime, later_than, random_key, utcnow
from dovetail.database.drivers.sqlalchemy_private_statements import variants_of
from dovetail.database.drivers.system_columns import type_system_columns
from dovetail.database.search.search import FullText
from dovetail.database.search.selective_conditions import SelectiveCondition, keys_of_related
from dovetail.errors import ConfigurationError
from dovetail.files.columns import FileField as FileField
from dovetail.files.columns import ImageField as ImageField
from dovetail.files.storage import FileSystemStorage as FileSystemStorage
from dovetail.files.storage import Storage as Storage
from dovetail.files.stored_file import StoredFile as StoredFile

# Alembic can only change a constraint that has a name, so every one gets the same name on every database.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def name_of_check(constraint: Constraint, table: Table) -> str:  # noqa: ARG001 - SQLAlchemy's signature
    """Return the name of a check, or else a hash of its condition, so that different checks have different names."""
    if isinstance(constraint.name, str):
        return constraint.name
    assert isinstance(constraint, CheckConstraint)  # noqa: S101 - the convention names no other kind so
    said = str(constraint.sqltext.compile(compile_kwargs={"literal_binds": True, "include_table": False}))
    return blake2b(said.encode(), digest_size=4).hexdigest()


def _values(members: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in members]


class Base(AsyncAttrs, DeclarativeBase):
    """Maps a class to a table, with names and types that are alike on SQLite and PostgreSQL."""

    metadata = MetaData(naming_convention={**NAMING_CONVENTION, "constraint_name": name_of_check})
    # False: contrib/history does not record changes of the rows. Subclasses inherit it.
    __history__: ClassVar[bool] = True
    type_annotation_map: ClassVar[dict[type, object]] = {
        datetime: UTCDateTime(),
        # A native PostgreSQL enum outlives a downgrade and breaks the next upgrade.
        enum.Enum: Enum(enum.Enum, native_enum=False, length=32, values_callable=_values),
    }
    # Columns the database fills in come back with the statement: a lazy refresh cannot run under asyncio.
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - declared by SQLAlchemy, not as a ClassVar

    def __init_subclass__(cls, **options: object) -> None:
        """Map the class. None in a nullable JSON column is stored as NULL, since IS NULL does not find JSON's null."""
        _complete_mapper_arguments(cls)
        super().__init_subclass__(**options)
        for column in getattr(getattr(cls, "__table__", None), "columns", ()):
            for kind in (column.type, *variants_of(column.type).values()) if column.nullable else ():
                if isinstance(kind, JSON):
                    kind.none_as_null = True


def never_reuse_keys(table: Table) -> None:
    """Let SQLite use no key of a table twice, as PostgreSQL does: what refers to a deleted row must not mean a new one.

    A table with `__table_args__ = {"sqlite_autoincrement": False}` is left as it is.
    """
    counted = table.autoincrement_column
    if counted is None or not all(
        given is None or isinstance(given, (Sequence, Identity)) for given in (counted.default, counted.server_default)
    ):
        return
    if len(table.primary_key) == 1 and "sqlite_autoincrement" not in set(table.dialect_kwargs):
        declared = table.columns[counted.name].type
        kept = variants_of(declared).get("sqlite", declared)
        # SQLite counts up only a column that is declared INTEGER.
        table.dialect_kwargs["sqlite_autoincrement"] = kept.__visit_name__ in {"integer", "INTEGER"}


@event.listens_for(Table, "after_parent_attach")
def _complete(table: Table, metadata: MetaData) -> None:
    type_system_columns(table)
    if metadata is Base.metadata:
        never_reuse_keys(table)


class IdMixin:
    """A 64-bit primary key named `id`."""

    # SQLite counts up only a column that is declared INTEGER.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, sort_order=-1)


class RandomIdMixin:
    """A 64-bit primary key named `id` that is random, and not counted up.

    For rows that are found or made by a text, and of which some are hidden, such as tags of drafts: a counted key would
    tell whether the row is new.
    """

    # `autoincrement` says that nobody gives it, and keeps a table that was made to count as it is.
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        default=random_key(),
        autoincrement=True,
        sort_order=-1,
    )


class TimestampMixin:
    """`created_at` and `updated_at`, both set by the database, in UTC; each change makes `updated_at` later."""

    created_at: Mapped[datetime] = mapped_column(server_default=utcnow(), sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=utcnow(), onupdate=later_than("updated_at"), sort_order=91
    )

    @classmethod
    def touched(cls) -> dict[str, ColumnElement[datetime]]:
        """Return the values of an UPDATE that only notes a change of the row, for example of its related rows.

        update(Post).where(Post.id == 3).values(Post.touched())
        """
        return {"updated_at": later_than("updated_at")}


class VersionMixin:
    """`version`, which each change of a row counts up, so that no change is lost (optimistic locking).

    A flush of a row that was changed since it was read raises StaleDataError, which clients get as 412.
    """

    version: Mapped[int] = mapped_column(server_default="1", sort_order=92)
    __mapper_args__ = {"version_id_col": version, "eager_defaults": True}  # noqa: RUF012 - as above


def is_managed(table: FromClause) -> bool:
    """Return False for a table or a view of another program: `__table_args__ = {"info": {"managed": False}}`.

    No migration is made for it, `flush` does not empty it, and `dumpdata` leaves it out unless it is named.
    """
    return isinstance(table, Table) and table.info.get("managed", True) is not False


def is_read_only(table: FromClause) -> bool:
    """Return True for a table or view that is never written to: `info={"managed": False, "read_only": True}`."""
    return isinstance(table, Table) and table.info.get("read_only", False) is True


def full_text(model: type[Base], *columns: str, config: str = "simple", ranked: bool = False) -> FullText:
    """Give the table of `model` a full-text index of `columns`, and return the FullText that searches it.

    Call it below the model; makemigrations makes the index on both databases. Raise ConfigurationError for a name that
    is no text column of the model itself, and for a model whose primary key is no number.
    """
    text = FullText(*columns, config=config, ranked=ranked)
    text.index(model)
    return text


def related(relation: InstrumentedAttribute[object], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that `condition` holds for a related row.

    It means the same as `relation.any(condition)` or `relation.has(condition)`, but is also fast if few rows of a big
    table fulfil it. Raise ConfigurationError for an attribute that is no relation.
    """
    mapped = relation.property
    if not isinstance(mapped, RelationshipProperty):
        raise ConfigurationError(f"related() takes a relation, such as Post.author; found {relation}, which is none.")
    walk = relation.any(condition) if mapped.uselist else relation.has(condition)
    keys = keys_of_related(mapped, condition)
    return walk if keys is None else SelectiveCondition(walk, lambda _: keys)


def _complete_mapper_arguments(cls: type[object]) -> None:
    """Add to `__mapper_args__` of a model's own, such as `polymorphic_on`, those that it would have without them."""
    own = vars(cls).get("__mapper_args__")
    if isinstance(own, dict):
        is_heir = any("__mapper__" in vars(base) for base in cls.__mro__[1:])  # its version is that of the other
        is_versioned = issubclass(cls, VersionMixin) and not is_heir
        usual = VersionMixin.__mapper_args__ if is_versioned else Base.__mapper_args__
        type.__setattr__(cls, "__mapper_args__", usual | own)
