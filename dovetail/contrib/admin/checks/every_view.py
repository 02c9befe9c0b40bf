"""List the views of an application: those of plugins, and those registered on its sites."""

from collections.abc import Iterator

from sqladmin import BaseView

from dovetail.contrib.admin.sites.admin_site import AdminSite
from dovetail.plugin import Context


def every_view(context: Context) -> Iterator[type[BaseView]]:
    """Yield each view once, shown or left out."""
    brought = [view for plugin in context.plugins for view in plugin.admin_views]
    sites = [one for one in context.mounted.get("admin.office", ()) if isinstance(one, AdminSite)]
    registered = [change.shown for site in sites for change in site.registrations if change.shown is not None]
    yield from dict.fromkeys([*brought, *registered])
