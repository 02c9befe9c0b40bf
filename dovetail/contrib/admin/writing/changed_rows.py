"""Save rows that were edited in a list: by one statement per table, with the view's hooks around each row."""

from collections.abc import Mapping, Sequence

from sqlalchemy import inspect, select
from sqlalchemy.orm import MANYTOONE, Mapper
from starlette.requests import Request

from dovetail.contrib.admin.changes import (
    Known,
    after_change,
    missing_choice,
    refusing_values,
    set_attributes,
    stored_value,
)
from dovetail.contrib.admin.columns.identifiers import have_identifiers, identifier_of
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.resources.write.locked_rows import update_rows
from dovetail.resources.write.one_row import RowChange


async def change_rows(view: ViewBase, request: Request, changed: Sequence[tuple[object, dict[str, object]]]) -> None:
    """Change objects, each to its data: columns, and relations to one object, given by its identifier.

    Rows that change the same columns are updated by one statement; rows with composite keys, and values that only the
    ORM can write, by one each. Raise InvalidInputError for values that cannot be stored.
    """
    for obj, data in changed:
        await view.on_model_change(data, obj, False, request)  # noqa: FBT003 - SQLAdmin's signature
    with refusing_values(view.model, [data for _, data in changed]):
        await _write(view, request, changed)
    for obj, data in changed:
        await after_change(view, request, obj, data, is_created=False)
        await view.audit(request, "update", obj, data)


async def _write(view: ViewBase, request: Request, changed: Sequence[tuple[object, dict[str, object]]]) -> None:
    session = request_context().session
    if len(inspect(view.model).primary_key) > 1:
        for obj, data in changed:
            await set_attributes(view, request, obj, data)
        await session.flush()
        return
    known = await _known(view, request, [data for _, data in changed])
    rows = [RowChange(obj, _values(view, data, known)) for obj, data in changed]
    await session.flush()  # the changes made by hooks
    identifiers = [identifier_of(obj) for obj, _ in changed]
    await update_rows(session, view.model, rows)
    await _load_again(view, request, identifiers, list(known))


async def _known(view: ViewBase, request: Request, rows: Sequence[Mapping[str, object]]) -> Known:
    """Return the related objects that rows refer to, by one statement for each relation."""
    mapper: Mapper[object] = inspect(view.model)
    found: dict[str, Mapping[str, object]] = {}
    for name in [one.key for one in mapper.relationships if one.direction is MANYTOONE]:
        if any(name in data for data in rows):
            chosen = sorted({str(data[name]) for data in rows if data.get(name)})
            objects = await view.get_related(request, name, chosen) if chosen else ()
            found[name] = {identifier_of(one): one for one in objects}
    return found


def _values(view: ViewBase, data: Mapping[str, object], known: Known) -> dict[str, object]:
    mapper: Mapper[object] = inspect(view.model)
    found: dict[str, object] = {}
    for name, value in data.items():
        if name in mapper.columns:
            found[name] = stored_value(name, mapper.columns[name], value)
        elif name in known:
            found |= _keys(mapper, name, value, known[name])
    return found


def _keys(mapper: Mapper[object], name: str, value: object, known: Mapping[str, object]) -> dict[str, object]:
    if value and str(value) not in known:
        raise missing_choice(name, [str(value)])
    chosen, relation = known.get(str(value)), mapper.relationships[name]
    found: dict[str, object] = {}
    for local, remote in relation.local_remote_pairs:
        key = mapper.get_property_by_column(local).key
        held = None if chosen is None else getattr(chosen, relation.mapper.get_property_by_column(remote).key)
        found[key] = stored_value(name, mapper.columns[key], held)
    return found


async def _load_again(view: ViewBase, request: Request, identifiers: Sequence[str], relations: Sequence[str]) -> None:
    """Refresh the written columns, for hooks that read them."""
    options = loading(view.model, relations, rights_of(request), whole=True)
    statement: AnySelect = select(view.model).where(have_identifiers(view.model, identifiers))
    await request_context().session.scalars(statement.options(*options).execution_options(populate_existing=True))
