"""Show in a form what it does not write: as it was before anything was changed, with links where there are pages."""

from dataclasses import dataclass

from starlette.requests import Request

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.formats import EMPTY


@dataclass(frozen=True)
class ShownField:
    """A field as a form shows it: several parts of a relation to many, each with the address of its page."""

    label: str
    parts: tuple[tuple[object, str | None], ...]


async def shown_field(view: ChangeListView, request: Request, obj: object | None, name: str) -> ShownField:
    """Return what the form of an object, or of a new one (None), shows of a field that it does not write."""
    if obj is None:
        return ShownField(view.label(name), ((EMPTY, None),))
    value, formatted = await view.get_detail_value(obj, name, request)
    related = value if isinstance(value, list | set | tuple) else [value]
    if name not in view.linked_names or value is None:
        return ShownField(view.label(name), ((formatted, None),))
    parts = tuple((view.short_title_of(one), view.link_to(request, one)) for one in related)
    return ShownField(view.label(name), parts or ((EMPTY, None),))
