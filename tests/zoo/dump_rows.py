"""The rows of all animals, as a dump has them."""

import json
from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import Column, Integer, Table, inspect
from sqlalchemy.orm import Mapper

from dovetail.database.models import Base
from tests.zoo.animal import Animal, Json

SHORT = ("-P1DT1S", "PT0S", "PT0.000001S", "P1DT2H3M4S")
# What a dump has of values that REST has in another form: PostgreSQL's own text.
WRITTEN = {
    "tsrange": ["empty", '["2024-01-01 00:00:00","2024-02-01 00:00:00")', "(,)"],
    "tstzrange": ["empty", '["2024-01-01 00:00:00+00","2024-02-01 00:00:00+00")', "(,)"],
    "int4multirange": ["{}", "{[1,5),[7,9)}"],
    "int8multirange": ["{}", "{[1,5),[7,9)}"],
    "nummultirange": ["{}", "{[1.5,2),[7,)}"],
    "datemultirange": ["{}", "{[2024-01-01,2024-02-01)}"],
    "tsmultirange": ["{}", '{["2024-01-01 00:00:00","2024-02-01 00:00:00")}'],
    "tstzmultirange": ["{}", '{["2024-01-01 00:00:00+00","2024-02-01 00:00:00+00")}'],
    "float_decimal": ["-1.5000000000", "0.2500000000"],
    # Longer ones as pydantic writes them, in years of 365 days.
    **{name: [*SHORT, "P27Y145D"] for name in ("interval", "interval_emulated", "interval_postgresql")},
    # What REST has no schema for.
    "pickle": ["gASVBgAAAAAAAABdlEsBYS4="],
    "money": ["1234.56", "-0.05"],
    "words": ["one two", ""],
    "point": ["(1,2)"],
    "json_type": [{"a": [1, None]}, [], "text", 0],
    "scalar_list_type": ["a,b", ""],
    "ip_address_type": ["10.0.0.1"],
    "timezone_type": ["Europe/Berlin"],
    "country_type": ["DE"],
    "choice_type": ["a"],
}


def records(animals: Iterable[Animal]) -> Iterator[dict[str, Json]]:
    """A row for each right value of each animal, and one without a value where it may be missing."""
    for animal in animals:
        mapper = inspect(animal.model)
        for number, row in enumerate(rows_of(animal), 1):
            yield from ({"table": table.key, "row": part} for table, part in _parts(mapper, number, row))


def rows_of(animal: Animal) -> list[dict[str, Json]]:
    """The attributes that each row has values of, as a dump has them."""
    values = WRITTEN.get(animal.name, list(animal.answered))
    if animal.keys:
        return [{**key, "value": values[number % len(values)]} for number, key in enumerate(animal.keys)]
    if value_column(animal).nullable:
        values = [*values, None]
    return [{"value": value} for value in values]


def as_lines(found: Iterable[dict[str, Json]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in found)


def value_column(animal: Animal) -> Column[object]:
    (column,) = inspect(animal.model).column_attrs["value"].columns
    return column  # type: ignore[return-value]  # of a table


def _parts(mapper: Mapper[Base], number: int, row: dict[str, Json]) -> Iterator[tuple[Table, dict[str, Json]]]:
    """The row in each table that it stands in, by the names of columns."""
    is_counted = isinstance(mapper.primary_key[0].type, Integer)
    made = number if is_counted else str(UUID(int=number))
    beside: dict[str, Json] = {"id": made, "version": 1, "kind": mapper.polymorphic_identity, "words": []}
    for table in mapper.tables:
        found = {}
        for attribute in mapper.column_attrs:
            column = next((one for one in attribute.columns if getattr(one, "table", None) is table), None)
            if column is not None and (attribute.key in row or beside.get(attribute.key) is not None):
                found[column.name] = row.get(attribute.key, beside.get(attribute.key))
        yield table, found
