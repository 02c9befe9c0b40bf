"""The index pages of a site and of each plugin, with the views that the user may open."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.dashboard.dashboard import Dashboard
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sites.admin_site import AdminSite
from dovetail.contrib.admin.sites.app_list import group_by_category, in_order_of
from dovetail.contrib.admin.web.responses import Unfinished


async def show_index(dashboard: Dashboard, site: SiteContext, request: Request) -> Response | Unfinished:
    """Show the widgets of all plugins, and what the user may open below the categories of the menu."""
    apps = await site.app_list(request)
    categories = group_by_category(site.menu, apps, request)
    if type(site.declared).get_app_list is not AdminSite.get_app_list:
        categories = in_order_of(apps, categories)
    context: dict[str, object] = {"app_list": apps, "categories": categories}
    return await dashboard.render(site, request, str(site.template("index_template")), context)


async def show_app_index(dashboard: Dashboard, site: SiteContext, request: Request) -> Response | Unfinished:
    """Show the models and the widgets of a plugin. Raise HTTPException (404) if the user may open no model."""
    label = request.path_params["app_label"]
    found = [app for app in await site.app_list(request) if app.app_label == label]
    if not found:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    context: dict[str, object] = {"app": found[0], "app_label": label, "title": found[0].name}
    template = str(site.template("app_index_template", label))
    return await dashboard.render(site, request, template, context, plugin=label)
