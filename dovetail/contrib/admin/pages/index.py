"""The first page of a site, and that of each plugin: what one may open there."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.pages.extras import IndexBox, load_boxes


async def show_index(boxes: Sequence[IndexBox], office: Office, request: Request) -> Response:
    """Show the models there are, and the boxes of plugins."""
    context: dict[str, object] = {"app_list": await office.app_list(request)}
    context["boxes"] = await load_boxes(boxes, office, request)
    return await office.render(request, str(office.template("index_template")), context)


async def show_app_index(office: Office, request: Request) -> Response:
    """Show the models of one plugin. Raise HTTPException (404) where there is none that the user may open."""
    label = request.path_params["app_label"]
    found = [app for app in await office.app_list(request) if app.app_label == label]
    if not found:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    context = {"app": found[0], "app_label": label, "title": found[0].name}
    return await office.render(request, str(office.template("app_index_template", label)), context)
