"""Texts, bytes and UUIDs."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from tests.zoo.animal import BOTH, POSTGRESQL, SQLITE, Animal, Answered, Kind, of_type

GROUP = "Texts, bytes and UUIDs"
NO_TEXT = (1, True, [], {}, "a\0b", "\ud800")
NO_BYTES = (1, [], {}, "not base64", "YQ", "é")
NO_UUID = ("1", "", 7, [], {}, "00000000-0000-0000-0000-00000000000g")
LONG = "zoë → 日本 %_/\\'\"" * 50
FIRST, SECOND = "00000000-0000-4000-8000-000000000001", "fedcba98-7654-4321-8fed-cba987654321"


def _text(name: str, kind: sa.String, length: int | None = None, on: tuple[Kind, ...] = BOTH) -> Animal:
    if length is None:
        return of_type(name, kind, "", "a'b%", "c", LONG, wrong=NO_TEXT, group=GROUP, on=on)
    long = "z" + "ö" * (length - 1)
    return of_type(name, kind, "", "a'b%", long, wrong=(*NO_TEXT, f"{long}x"), group=GROUP, on=on)


def _bytes(name: str, kind: sa.types.TypeEngine[bytes], on: tuple[Kind, ...] = BOTH) -> Animal:
    right = ("", "AA==", "w7b/gA==")
    return of_type(name, kind, *right, wrong=NO_BYTES, group=GROUP, on=on, is_compared=False)


def _uuid(name: str, kind: sa.types.TypeEngine[object], on: tuple[Kind, ...] = BOTH) -> Animal:
    right = (FIRST, Answered(SECOND.upper().replace("-", ""), SECOND))
    return of_type(name, kind, *right, wrong=NO_UUID, group=GROUP, on=on)


ANIMALS = (
    _text("string", sa.String()),
    _text("string_sized", sa.String(9), 9),
    _text("text", sa.Text()),
    _text("unicode", sa.Unicode(9), 9),
    _text("unicode_text", sa.UnicodeText()),
    _text("varchar", sa.VARCHAR(9), 9),
    _text("text_upper", sa.TEXT()),
    _text("nvarchar", sa.NVARCHAR(9), 9, SQLITE),
    _text("clob", sa.CLOB(), None, SQLITE),
    _text("collated", sa.String(9, collation="C").with_variant(sa.String(9, collation="NOCASE"), "sqlite"), 9),
    of_type("char", sa.CHAR(4), Answered("ab  ", "ab"), "abc", "abcd", wrong=(*NO_TEXT, "abcde"), group=GROUP),
    of_type("nchar", sa.NCHAR(4), "ab", "abcd", wrong=(*NO_TEXT, "abcde"), group=GROUP, on=SQLITE),
    of_type("citext", postgresql.CITEXT(), "Ab", "b", wrong=NO_TEXT, group=GROUP, on=POSTGRESQL, extension="citext"),
    _bytes("large_binary", sa.LargeBinary()),
    _bytes("blob", sa.BLOB(), SQLITE),
    _bytes("binary", sa.BINARY(20), SQLITE),
    _bytes("varbinary", sa.VARBINARY(20), SQLITE),
    _bytes("bytea", postgresql.BYTEA(), POSTGRESQL),
    _uuid("uuid", sa.Uuid()),
    _uuid("uuid_text", sa.Uuid(as_uuid=False)),
    _uuid("uuid_char", sa.Uuid(native_uuid=False)),
    _uuid("uuid_char_text", sa.Uuid(as_uuid=False, native_uuid=False)),
    _uuid("uuid_upper", sa.UUID(), POSTGRESQL),
    _uuid("uuid_postgresql", postgresql.UUID(as_uuid=False), POSTGRESQL),
    _text("text_of_sqlite", sqlite.TEXT(), None, SQLITE),
)
