"""Ask before something is deleted, and delete only what the page said.

The page sends back what it told, as a fingerprint. What goes along is looked for again in the transaction that deletes,
once nobody can add to it: if it is something else by then, the page asks again.
"""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.deleting.groups import DeletedObjects, as_deleted_objects
from dovetail.contrib.admin.deleting.reached import Deletion
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.returning import list_url


async def confirmed(
    office: Office, request: Request, view: ModelAdmin, rows: Sequence[object], *, told: object
) -> Response | None:
    """Return the page that asks, or None if it was answered and there is nothing to add.

    `told` is what the page said when it was answered; None as long as it was not, and empty if it never was shown.
    """
    if told is not None:
        await Deletion(view, request, rows).lock()
    found = as_deleted_objects(await view.get_deleted_objects(rows, request))
    if told is None:
        return await _page(office, request, view, rows, found)
    if found.is_refused:
        return await _page(office, request, view, rows, found, status=HTTPStatus.CONFLICT)
    if told and told != found.fingerprint:
        return await _page(office, request, view, rows, found, status=HTTPStatus.CONFLICT, has_changed=True)
    return None


async def _page(
    office: Office,
    request: Request,
    view: ModelAdmin,
    rows: Sequence[object],
    found: DeletedObjects,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    has_changed: bool = False,
) -> Response:
    is_one = len(rows) == 1
    context: dict[str, object] = {
        "model_view": view,
        "rows": rows,
        "deletion": found,
        "has_changed": has_changed,
        "back": list_url(request, view),
    }
    template = view.delete_confirmation_template if is_one else view.delete_selected_confirmation_template
    return await office.render(request, template, context, status)
