"""Whole numbers, numbers with a point, and yes and no."""

import sqlalchemy as sa

from tests.zoo.animal import POSTGRESQL, SQLITE, Animal, Answered, of_type

GROUP = "Numbers"
NO_NUMBER = ("one", "", [], {}, True)
SMALL, NORMAL, LARGE = 2**15, 2**31, 2**63
WHOLE = (*NO_NUMBER, 1.5)
LONG = "12345678901234567890.0123456789"  # which SQLite does not keep


def _whole(name: str, kind: type[sa.Integer], limit: int) -> Animal:
    return of_type(name, kind, -limit, 0, 7, limit - 1, wrong=(*WHOLE, -limit - 1, limit, 10**30), group=GROUP)


def _decimal(name: str, kind: sa.Numeric[object]) -> Animal:
    right = ("-9999999999.99", Answered("0", "0.00"), "0.01", Answered(1.5, "1.50"), "9999999999.99")
    wrong = (*NO_NUMBER, "1.234", "10000000000", "NaN", "Infinity", "1e400")
    return of_type(name, kind, *right, wrong=wrong, group=GROUP)


def _float(name: str, kind: sa.types.TypeEngine[object], *, single: bool = False) -> Animal:
    right = (-1.5, 0.0, 0.25, 1024.5) if single else (-1e300, -1.5, 0.0, 0.1, 1e300)
    return of_type(name, kind, *right, wrong=(*NO_NUMBER, "NaN", "Infinity", "1e400"), group=GROUP)


ANIMALS = (
    _whole("small_integer", sa.SmallInteger, SMALL),
    _whole("integer", sa.Integer, NORMAL),
    _whole("big_integer", sa.BigInteger, LARGE),
    _whole("smallint", sa.SMALLINT, SMALL),
    _whole("int", sa.INTEGER, NORMAL),
    _whole("bigint", sa.BIGINT, LARGE),
    _decimal("numeric_sized", sa.Numeric(12, 2)),
    _decimal("numeric_upper", sa.NUMERIC(12, 2)),
    _decimal("decimal", sa.DECIMAL(12, 2)),
    of_type("numeric", sa.Numeric(), "-1.5", "0.1", "123456789.123", wrong=(*NO_NUMBER, "NaN"), group=GROUP),
    of_type("numeric_float", sa.Numeric(12, 2, asdecimal=False), -1.5, 0.25, 7.0, wrong=NO_NUMBER, group=GROUP),
    of_type(
        "numeric_long",
        sa.Numeric(30, 10),
        f"-{LONG}",
        Answered("0.5", "0.5000000000"),
        LONG,
        wrong=(*NO_NUMBER, f"1{LONG}", f"{LONG}1"),
        group=GROUP,
        on=POSTGRESQL,
    ),
    of_type(
        "numeric_cut",
        sa.Numeric(30, 10),
        Answered("-0.5", "-0.5000000000"),
        "12345.0123456789",
        wrong=(*NO_NUMBER, LONG),
        group=GROUP,
        on=SQLITE,
    ),
    _float("float", sa.Float()),
    _float("float_53", sa.Float(53)),
    _float("float_24", sa.Float(24), single=True),
    _float("double", sa.Double()),
    _float("double_upper", sa.DOUBLE_PRECISION()),
    _float("float_upper", sa.FLOAT()),
    _float("real", sa.REAL(), single=True),
    of_type(
        "float_decimal",
        sa.Float(asdecimal=True),
        Answered("-1.5", "-1.5000000000"),
        Answered("0.25", "0.2500000000"),
        wrong=(*NO_NUMBER, "NaN"),
        group=GROUP,
    ),
    of_type("boolean", sa.Boolean(), False, True, wrong=("perhaps", 2, [], {}), group=GROUP),
    of_type("boolean_checked", sa.Boolean(create_constraint=True, name="flag"), False, True, wrong=(2,), group=GROUP),
    of_type("boolean_upper", sa.BOOLEAN(), False, True, wrong=("perhaps", 2), group=GROUP),
)
