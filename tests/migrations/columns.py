"""Columns of every type as the source of a model, for tests that write plugins."""

MODULE = """
import enum
import sqlalchemy as sa
from datetime import datetime
from decimal import Decimal
from typing import Any
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator
from dovetail.database.column_types import UTCDateTime, utcnow

class Colour(enum.Enum):
    RED = "red"
    DEEP_BLUE = "deep blue"

class Words(TypeDecorator):
    impl = sa.String(7)
    cache_ok = True

class Facts(TypeDecorator):
    impl = sa.JSON
    cache_ok = True
    def load_dialect_impl(self, dialect):
        return dialect.type_descriptor(postgresql.JSONB() if dialect.name == "postgresql" else sa.JSON())

class Nested(TypeDecorator):
    impl = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    cache_ok = True
"""

IMPORTS = "from plugins.shop.kinds import *"

# What stands in `mapped_column(...)` after the name; {n} is a number that no other column has.
EVERYWHERE = (
    "sa.Integer",
    "sa.SmallInteger, server_default='7'",
    "sa.BigInteger",
    "sa.String(20)",
    'sa.String(20), server_default="it\'s"',
    "sa.String(3, collation='C').with_variant(sa.String(3, collation='NOCASE'), 'sqlite')",
    "sa.Unicode(5)",
    "sa.UnicodeText",
    "sa.Text, server_default=''",
    "sa.CHAR(3)",
    "sa.VARCHAR(4)",
    "sa.Boolean, server_default=sa.true()",
    "sa.Boolean(create_constraint=True, name='flag{n}')",
    "sa.Date",
    "sa.DateTime",
    "sa.DateTime(timezone=True), server_default=sa.func.now()",
    "UTCDateTime(), server_default=utcnow()",
    "sa.TIMESTAMP(timezone=True)",
    "sa.Time",
    "sa.Time(timezone=True)",
    "sa.Interval",
    "sa.Interval(native=False)",
    "sa.Interval(second_precision=3)",
    "sa.Numeric",
    "sa.Numeric(12, 2)",
    "sa.Numeric(5, asdecimal=False)",
    "sa.DECIMAL(7, 3), server_default='1.5'",
    "sa.Float",
    "sa.Float(20)",
    "sa.Float(53)",
    "sa.Double",
    "sa.REAL",
    "sa.LargeBinary",
    "sa.LargeBinary(20)",
    "sa.PickleType",
    "sa.JSON",
    "sa.JSON(none_as_null=True), server_default='{{}}'",
    "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')",
    "sa.Uuid",
    "sa.Uuid(as_uuid=False)",
    "sa.Uuid(native_uuid=False)",
    "sa.Enum(Colour, name='colour{n}')",
    "sa.Enum('low', 'high', name='level{n}'), server_default='low'",
    "sa.Enum('low', 'high', name='check{n}', native_enum=False, create_constraint=True)",
    "sa.Enum('low', 'high', native_enum=False, length=32)",
    "sa.ARRAY(sa.String(5)).with_variant(sa.JSON(), 'sqlite')",
    "postgresql.INET().with_variant(sa.String(43), 'sqlite')",
    "Words",
    "Facts",
    "Nested",
    "sa.Integer, sa.Computed('length(name) * 2', persisted=True)",
    "sa.Numeric(12, 2), sa.Computed('length(name) * 1.5', persisted=True)",
    "sa.String(60), sa.Computed(\"name || '!'\", persisted=False)",
)
POSTGRESQL = (
    "sa.Integer, sa.Identity(start=5), nullable=False",
    "postgresql.JSONB",
    "postgresql.ARRAY(sa.Integer, dimensions=2), server_default='{{}}'",
    "postgresql.ARRAY(sa.Enum('s', 'm', name='sizes{n}'))",
    "postgresql.ARRAY(postgresql.JSONB)",
    "sa.BigInteger, sa.Identity(always=True, increment=2), nullable=False",
    "postgresql.ENUM('sad', 'glad', name='mood{n}')",
    "postgresql.DOMAIN('domain{n}', sa.String(5), check=sa.text(\"VALUE <> ''\"))",
    "postgresql.TIMESTAMP(precision=3)",
    "postgresql.TIME(precision=2, timezone=True)",
    "postgresql.INTERVAL(fields='DAY TO SECOND', precision=3)",
    "postgresql.BIT(4, varying=True)",
    "postgresql.CIDR",
    "postgresql.MACADDR",
    "postgresql.MONEY",
    "postgresql.OID",
    "postgresql.TSVECTOR",
    "postgresql.INT4RANGE",
    "postgresql.TSTZMULTIRANGE",
    "postgresql.BYTEA",
    "postgresql.UUID",
    "sa.String(9, collation='POSIX')",
)
