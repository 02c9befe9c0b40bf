"""Mount the back offices that `project/urls.py` declares; by default, one with all views."""

from collections.abc import Sequence

from fastapi import FastAPI

from dovetail.contrib.admin.mounting.mounted import MountedSite
from dovetail.contrib.admin.mounting.shared import Shared, identify_visitors
from dovetail.contrib.admin.mounting.views import load_views
from dovetail.contrib.admin.sites.admin_site import AdminSite
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context


def mount(app: FastAPI, context: Context) -> None:
    """Mount the sites of an application; by default, one at `/admin` with the views of all enabled plugins.

    Raise ConfigurationError, with all problems found, for views with invalid or missing options, for two views with
    the same identity or path, and for a plugin whose views cannot be imported.
    """
    sites = _sites(context)
    loaded = [(site, load_views(context, site)) for site in sites or [AdminSite()]]  # checked even if not mounted
    if not sites:
        return
    shared = Shared.of(context)
    identify_visitors(app, context, shared.cookies)
    identities = {view.identity for _, views in loaded for view in views if view.is_model}
    for declared, views in loaded:
        site = MountedSite(app, context, declared, shared)
        for view in views:
            site.add_view(view)
        site.open(identities)


def _sites(context: Context) -> Sequence[AdminSite]:
    declared = context.mounted.get("admin.office")
    if declared is None:
        path = context.paths["admin.office"]
        return [] if path is None else [AdminSite(path=path)]
    for one in declared:
        if not isinstance(one, AdminSite):
            raise ConfigurationError(f"the site mounts 'admin.office' as a {type(one).__name__}, expected an AdminSite")
    sites = [one for one in declared if isinstance(one, AdminSite)]
    names = [one.name for one in sites]
    if names.count("admin") != 1 or len(set(names)) != len(names):
        raise ConfigurationError(
            f"the admin sites are called {', '.join(names)}; give each a name of its own, and one of them 'admin'"
        )
    return sites
