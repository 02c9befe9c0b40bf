"""A list as a CSV file, read a few hundred rows at a time: neither memory nor a connection is held for long."""

import csv
from collections.abc import AsyncIterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from sqladmin.helpers import get_primary_keys
from sqlalchemy import Select, inspect, tuple_
from sqlalchemy.orm import Mapper

from project.contrib.admin.cells import write_cell
from project.contrib.admin.relations import loading
from project.contrib.admin.rights import Rights
from project.database.share import Share

if TYPE_CHECKING:
    from project.contrib.admin.views import ModelAdmin

BATCH = 500


async def stream_csv(database: Share, view: "ModelAdmin", statement: Select[Any], rights: Rights) -> AsyncIterator[str]:
    """The rows of `statement` in the order of their keys, each batch read in a short transaction of its own."""
    names = view._export_prop_names  # noqa: SLF001 - SQLAdmin offers no other way
    yield _write([[write_cell(view.label(name)) for name in names]])
    keys = get_primary_keys(view.model)
    mapper: Mapper[Any] = inspect(view.model)
    statement = statement.order_by(None).order_by(*keys).limit(BATCH).options(*loading(view.model, names, rights))
    last: tuple[Any, ...] | None = None
    while True:
        page = statement if last is None else statement.where(tuple_(*keys) > tuple_(*last))
        async with database.unit_of_work(read_only=True) as session:
            rows = (await session.scalars(page)).all()
            cells = [[write_cell(await view.get_prop_value(row, name)) for name in names] for row in rows]
        yield _write(cells)
        if len(rows) < BATCH:
            return
        last = tuple(mapper.primary_key_from_instance(rows[-1]))


def _write(rows: Sequence[Sequence[str]]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
