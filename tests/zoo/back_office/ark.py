"""One table with a column of every type, so that a form, a list and an export meet all of them at once."""

from collections.abc import Mapping
from typing import cast

from sqlalchemy import Column, MetaData

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin
from tests.zoo import keys, tricks
from tests.zoo.animal import Animal, Json
from tests.zoo.dump_rows import rows_of, value_column
from tests.zoo.zoo import living_on


class ArkBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def passengers(kind: str) -> list[Animal]:
    """The animals that are a type of a column that may be null."""
    return [one for one in living_on(kind) if one.group not in {keys.GROUP, tricks.GROUP}]


def make_ark(kind: str) -> type[Base]:
    """Map the table; each column is called as its animal is."""
    columns = {one.name: Column(value_column(one).type, nullable=True) for one in passengers(kind)}
    return cast(
        "type[Base]", type(f"Ark{kind.title()}", (IdMixin, ArkBase), {"__tablename__": f"zoo_ark_{kind}", **columns})
    )


ARKS: Mapping[str, type[Base]] = {kind: make_ark(kind) for kind in ("sqlite", "postgresql")}


def ark_rows(kind: str) -> list[dict[str, Json]]:
    """Rows as a dump has them; the last has no values."""
    values = {one.name: [row["value"] for row in rows_of(one) if row["value"] is not None] for one in passengers(kind)}
    most = max(map(len, values.values()))
    full = [{name: found[number % len(found)] for name, found in values.items() if found} for number in range(most)]
    return [{"id": number, **row} for number, row in enumerate([*full, {}], 1)]
