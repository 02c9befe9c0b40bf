"""Enums of every make."""

import enum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from tests.zoo.animal import POSTGRESQL, SQLITE, of_type

GROUP = "Choices"


class Colour(enum.Enum):
    DEEP_BLUE = "deep blue"
    RED = "red"


class Size(enum.StrEnum):
    LARGE = "l"
    SMALL = "s"


class Rank(enum.IntEnum):
    HIGH = 10
    LOW = 1


class Flavour(enum.Enum):
    """Plain values of several types."""

    SOUR = "sour"
    SWEET = 1


def _values(members: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in members]


NO_CHOICE = ("green", "RED", "", 3, True, [], {})
ANIMALS = (
    of_type("enum", sa.Enum(Colour, name="zoo_colour"), "deep blue", "red", wrong=NO_CHOICE, group=GROUP),
    of_type(
        "enum_by_value",
        sa.Enum(Colour, native_enum=False, length=32, values_callable=_values),
        "deep blue",
        "red",
        wrong=NO_CHOICE,
        group=GROUP,
        says="Enum(Colour, native_enum=False, length=32, values_callable=...), which is what Mapped[Colour] makes",
    ),
    of_type("enum_of_strings", sa.Enum("high", "low", name="zoo_level"), "high", "low", wrong=NO_CHOICE, group=GROUP),
    of_type(
        "enum_checked",
        sa.Enum("high", "low", name="checked", native_enum=False, create_constraint=True),
        "high",
        "low",
        wrong=NO_CHOICE,
        group=GROUP,
    ),
    of_type("str_enum", sa.Enum(Size, native_enum=False, length=8), "l", "s", wrong=NO_CHOICE, group=GROUP),
    of_type("int_enum", sa.Enum(Rank, native_enum=False, length=8), 10, 1, wrong=("LOW", 3, "", [], {}), group=GROUP),
    of_type("mixed_enum", sa.Enum(Flavour, name="zoo_flavour"), "sour", 1, wrong=("SWEET", 2, [], {}), group=GROUP),
    of_type(
        "enum_postgresql",
        postgresql.ENUM("glad", "sad", name="zoo_mood"),
        "glad",
        "sad",
        wrong=NO_CHOICE,
        group=GROUP,
        on=POSTGRESQL,
    ),
    of_type(
        "enum_declared",
        sa.Enum("low", "medium", "high", name="zoo_degree"),
        "low",
        "medium",
        "high",
        wrong=NO_CHOICE,
        group=GROUP,
        on=POSTGRESQL,
        note="A native enum is ordered as it is declared.",
    ),
    of_type(
        "enum_declared_too",
        sa.Enum("low", "medium", "high", name="zoo_degree_too"),
        "high",
        "low",
        "medium",
        wrong=NO_CHOICE,
        group=GROUP,
        on=SQLITE,
        declared=("low", "medium", "high"),
        note="Ordered by the text that is stored, as any enum that is not native.",
    ),
)
