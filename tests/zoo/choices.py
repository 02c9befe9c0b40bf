"""Enums of every make."""

import enum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from tests.zoo.animal import POSTGRESQL, of_type

GROUP = "Choices"


class Colour(enum.Enum):
    RED = "red"
    DEEP_BLUE = "deep blue"


class Size(enum.StrEnum):
    SMALL = "s"
    LARGE = "l"


class Rank(enum.IntEnum):
    LOW = 1
    HIGH = 10


class Flavour(enum.Enum):
    """Plain values of several types."""

    SWEET = 1
    SOUR = "sour"


def _values(members: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in members]


NO_CHOICE = ("green", "RED", "", 3, True, None.__class__.__name__, [], {})
ANIMALS = (
    of_type("enum", sa.Enum(Colour, name="zoo_colour"), "red", "deep blue", wrong=NO_CHOICE, group=GROUP),
    of_type(
        "enum_by_value",
        sa.Enum(Colour, native_enum=False, length=32, values_callable=_values),
        "red",
        "deep blue",
        wrong=NO_CHOICE,
        group=GROUP,
        says="Enum(Colour, native_enum=False, length=32, values_callable=...), which is what Mapped[Colour] makes",
    ),
    of_type("enum_of_strings", sa.Enum("low", "high", name="zoo_level"), "low", "high", wrong=NO_CHOICE, group=GROUP),
    of_type(
        "enum_checked",
        sa.Enum("low", "high", name="checked", native_enum=False, create_constraint=True),
        "low",
        "high",
        wrong=NO_CHOICE,
        group=GROUP,
    ),
    of_type("str_enum", sa.Enum(Size, native_enum=False, length=8), "s", "l", wrong=NO_CHOICE, group=GROUP),
    of_type("int_enum", sa.Enum(Rank, native_enum=False, length=8), 1, 10, wrong=("LOW", 3, "", [], {}), group=GROUP),
    of_type("mixed_enum", sa.Enum(Flavour, name="zoo_flavour"), 1, "sour", wrong=("SWEET", 2, [], {}), group=GROUP),
    of_type(
        "enum_postgresql",
        postgresql.ENUM("sad", "glad", name="zoo_mood"),
        "sad",
        "glad",
        wrong=NO_CHOICE,
        group=GROUP,
        on=POSTGRESQL,
    ),
)
