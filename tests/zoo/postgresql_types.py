"""Types that PostgreSQL alone has."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from tests.zoo.animal import POSTGRESQL, Animal, Answered, Json, Tour, of_type

GROUP = "PostgreSQL's own types"
NAMES_A_THING: Mapping[Tour, str] = {"rest": "it names a thing of the database's own; make it a String"}
NO_TEXT = (1, True, [], {}, "a\0b")


def _own(name: str, kind: TypeEngine[object], *right: Json, wrong: tuple[Json, ...] = (), **options: object) -> Animal:
    return of_type(name, kind, *right, wrong=(*NO_TEXT, *wrong), group=GROUP, on=POSTGRESQL, **options)


def _range(name: str, kind: TypeEngine[object], *right: Json, wrong: tuple[Json, ...] = ()) -> Animal:
    wrong = ("", "a", "[", "[1", "1,2", "[2,1)", "[,", "(a,b)", *wrong)
    return _own(name, kind, "empty", *right, "(,)", wrong=wrong, is_compared=False)


def _multirange(name: str, kind: TypeEngine[object], *right: Json, wrong: tuple[Json, ...] = ()) -> Animal:
    right = ([], *right)
    wrong = (1, "a", {}, True, [1], ["a"], ["[2,1)"], [["[1,2)"]], *wrong)
    return of_type(name, kind, *right, wrong=wrong, group=GROUP, on=POSTGRESQL, is_compared=False)


ANIMALS = (
    _own("inet", postgresql.INET(), "10.0.0.1/24", "10.0.0.1", "::1", wrong=("10.0.0", "10.0.0.1/33", "a", "")),
    _own("cidr", postgresql.CIDR(), "10.0.0.0/24", "2001:db8::/32", wrong=("10.0.0.1/24", "10.0.0.0/33", "a", "")),
    _own("macaddr", postgresql.MACADDR(), "08:00:2b:01:02:03", wrong=("08:00:2b:01:02", "a", "", "zz:00:2b:01:02:03")),
    _own("macaddr8", postgresql.MACADDR8(), "08:00:2b:01:02:03:04:05", wrong=("08:00", "a", "")),
    _own("bit", postgresql.BIT(4), "0000", "0110", wrong=("01", "01101", "012", "", "0b11"), is_compared=False),
    _own("bit_varying", postgresql.BIT(4, varying=True), "", "01", "0110", wrong=("01101", "2"), is_compared=False),
    of_type("oid", postgresql.OID(), 0, 2**32 - 1, wrong=("a", -1, 2**32, 1.5, [], True), group=GROUP, on=POSTGRESQL),
    _own("tsvector", postgresql.TSVECTOR(), "'a' 'b':1,2A", wrong=("'a", "a:0x"), is_compared=False),
    _own("tsquery", postgresql.TSQUERY(), "'a' & !'b'", wrong=("a b", "&", "('a'"), is_compared=False),
    _own("jsonpath", postgresql.JSONPATH(), '$."a"[*]', wrong=("", "a b", "$["), is_compared=False),
    _own("regclass", postgresql.REGCLASS(), is_compared=False, refused=NAMES_A_THING),
    _own("regconfig", postgresql.REGCONFIG(), is_compared=False, refused=NAMES_A_THING),
    _own(
        "domain",
        postgresql.DOMAIN("zoo_code", sa.String(5), check=sa.text("VALUE <> 'never'")),
        "a",
        "b",
        wrong=("123456", "never"),
    ),
    _own(
        "money",
        postgresql.MONEY(),
        is_compared=False,
        refused={"rest": "PostgreSQL writes money in the language of its server; make it Numeric(14, 2)"},
    ),
    of_type(
        "hstore",
        postgresql.HSTORE(),
        {},
        {"a": "1", "b": None, 'ö "': ""},
        wrong=(1, "a", [], {"a": 1}, {"a": {}}),
        group=GROUP,
        on=POSTGRESQL,
        extension="hstore",
        is_compared=False,
    ),
    _range("int4range", postgresql.INT4RANGE(), "[1,5)", Answered("(5,9]", "[6,10)"), wrong=("[1,2147483649)",)),
    _range("int8range", postgresql.INT8RANGE(), "[1,5)", wrong=("[1.5,2)",)),
    _range("numrange", postgresql.NUMRANGE(), "[1.5,2.25]", "(-1,2)", wrong=("[a,2)",)),
    _range("daterange", postgresql.DATERANGE(), "[2024-01-01,2024-02-01)", wrong=("[2024-02-30,)",)),
    _range("tsrange", postgresql.TSRANGE(), "[2024-01-01T00:00:00,2024-02-01T00:00:00)", wrong=("[2024-01-01Z,)",)),
    _range("tstzrange", postgresql.TSTZRANGE(), "[2024-01-01T00:00:00Z,2024-02-01T00:00:00Z)"),
    _multirange("int4multirange", postgresql.INT4MULTIRANGE(), ["[1,5)", "[7,9)"]),
    _multirange("int8multirange", postgresql.INT8MULTIRANGE(), ["[1,5)", "[7,9)"]),
    _multirange("nummultirange", postgresql.NUMMULTIRANGE(), ["[1.5,2)", "[7,)"]),
    _multirange("datemultirange", postgresql.DATEMULTIRANGE(), ["[2024-01-01,2024-02-01)"]),
    _multirange("tsmultirange", postgresql.TSMULTIRANGE(), ["[2024-01-01T00:00:00,2024-02-01T00:00:00)"]),
    _multirange("tstzmultirange", postgresql.TSTZMULTIRANGE(), ["[2024-01-01T00:00:00Z,2024-02-01T00:00:00Z)"]),
)
