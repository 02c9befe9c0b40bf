"""JSON, pickles and arrays."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from tests.zoo.animal import BOTH, POSTGRESQL, SQLITE, Animal, Json, Kind, of_type
from tests.zoo.choices import Colour

GROUP = "JSON and arrays"
FACTS = ({"a": [1, 2.5, None, "é"], "b": {"c": True}}, [], "text", 0, False, 12.5)
NO_LIST = (1, "a", {}, True)


def _json(name: str, kind: TypeEngine[object], on: tuple[Kind, ...] = BOTH) -> Animal:
    return of_type(name, kind, *FACTS, wrong=({"a": "\ud800"},), group=GROUP, on=on, is_compared=False)


def _array(
    name: str, item: TypeEngine[object], *right: list[object], wrong: tuple[Json, ...], dimensions: int | None = None
) -> Animal:
    kind: TypeEngine[object] = postgresql.ARRAY(item, dimensions=dimensions)
    return of_type(name, kind, [], *right, wrong=(*NO_LIST, *wrong), group=GROUP, on=POSTGRESQL, is_compared=False)


ANIMALS = (
    _json("json", sa.JSON()),
    _json("json_none_as_null", sa.JSON(none_as_null=True)),
    _json("json_variant", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
    _json("jsonb", postgresql.JSONB(), POSTGRESQL),
    _json("json_postgresql", postgresql.JSON(), POSTGRESQL),
    of_type(
        "jsonb_sqlite",
        sqlite.JSONB(),
        *FACTS,
        wrong=({"a": "\ud800"},),
        group=GROUP,
        on=SQLITE,
        sqlite_since=(3, 45),
        is_compared=False,
    ),
    of_type(
        "array_variant",
        sa.ARRAY(sa.String(5)).with_variant(sa.JSON(), "sqlite"),
        [],
        ["a", "b'\","],
        wrong=(*NO_LIST, [1], ["123456"], [["a"]], [None]),
        group=GROUP,
        is_compared=False,
    ),
    _array("array_of_integers", sa.Integer(), [1, -2], wrong=([1.5], ["a"], [2**31], [None])),
    _array("array_of_texts", sa.String(5), ["a", "", "'\",{}"], wrong=(["123456"], [1], ["a\0"])),
    _array("array_of_arrays", sa.Integer(), [[1, 2], [3, 4]], wrong=([1], [[1], [2, 3]], [["a"]]), dimensions=2),
    _array("array_of_numerics", sa.Numeric(5, 2), ["1.50", "-2.00"], wrong=(["1.234"], ["NaN"])),
    _array("array_of_uuids", sa.Uuid(), ["00000000-0000-4000-8000-000000000001"], wrong=(["1"],)),
    _array("array_of_dates", sa.Date(), ["2024-02-29"], wrong=(["2024-02-30"],)),
    _array("array_of_moments", sa.DateTime(timezone=True), ["2024-02-29T00:00:00Z"], wrong=(["2024-02-29T00:00:00"],)),
    _array("array_of_enums", sa.Enum(Colour, name="zoo_array_colour"), ["red", "deep blue"], wrong=(["green"],)),
    _array("array_of_jsonb", postgresql.JSONB(), [{"a": 1}, [1, "b"]], wrong=()),
    _array("array_of_intervals", sa.Interval(), ["PT1S"], wrong=(["a"],)),
    _array("array_of_inets", postgresql.INET(), ["10.0.0.1"], wrong=(["a"],)),
    _array("array_of_ranges", postgresql.INT4RANGE(), ["[1,5)"], wrong=(["a"],)),
    of_type(
        "pickle",
        sa.PickleType(),
        wrong=(1,),
        group=GROUP,
        is_compared=False,
        refused={
            "rest": "no schema can be made of its type PickleType()",
        },
    ),
)
