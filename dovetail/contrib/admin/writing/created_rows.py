"""Insert many rows together; the objects that they refer to are found by one statement per relation."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request

from dovetail.contrib.admin.changes import after_change, check_moved, set_attributes
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.options.new_objects import new_object
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.view_base import ViewBase


async def create_rows(view: ViewBase, request: Request, rows: Sequence[dict[str, object]]) -> list[object]:
    """Insert objects with the data of `rows`, call the hooks of the view for each, and return them in their order."""
    known = await _known(view, request, rows)
    created: list[object] = []
    moved: list[object] = []
    for data in rows:
        obj = new_object(view.model, data)
        await view.on_model_change(data, obj, True, request)  # noqa: FBT003 - SQLAdmin's signature
        moved += await set_attributes(view, request, obj, data, known)
        created.append(obj)
    session = request_context().session
    session.add_all(created)
    await session.flush()
    await check_moved(request, moved)
    for obj, data in zip(created, rows, strict=True):
        await after_change(view, request, obj, data, is_created=True)
        await view.audit(request, "create", obj, data)
    return created


async def _known(
    view: ViewBase, request: Request, rows: Sequence[Mapping[str, object]]
) -> Mapping[str, Mapping[str, object]]:
    """Return the related objects that rows refer to, by relation and identifier."""
    found: dict[str, Mapping[str, object]] = {}
    for name in [one.key for one in view.mapper.relationships if any(one.key in data for data in rows)]:
        chosen = {str(key) for data in rows for key in _keys(data.get(name))}
        objects = await view.get_related(request, name, sorted(chosen)) if chosen else ()
        found[name] = {identifier_of(one): one for one in objects}
    return found


def _keys(value: object) -> Sequence[object]:
    return [one for one in (value if isinstance(value, list | tuple | set) else [value]) if one]
