"""Collect the views of a site: those of plugins that the site does not unregister, and those that it registers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqladmin import BaseView

from dovetail.contrib.admin.checks.forms.form_checks import find_unstored
from dovetail.contrib.admin.checks.forms.inline_checks import find_unlinked
from dovetail.contrib.admin.checks.forms.relation_checks import find_unsearchable
from dovetail.contrib.admin.checks.policy_checks import find_unfit_policies
from dovetail.contrib.admin.checks.site_checks import Claims, identify, plugin_of
from dovetail.contrib.admin.checks.view_checks import find_problems, find_unknown_permissions
from dovetail.contrib.admin.mounting.actions import find_unfit_actions, shared_attributes
from dovetail.contrib.admin.sites.admin_site import AdminSite, Registration
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.auth.permissions.declared import declared_permissions
from dovetail.discovery import PLUGIN_FAILURES, describe
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context

STANDARD = AdminSite()  # shows every view of every plugin; nothing can be registered with it


@dataclass(frozen=True)
class PluginView:
    """A view, and the plugin in whose section of the menu it is."""

    plugin: str
    view: type[BaseView]


@dataclass
class CollectedViews:
    """The views that were found so far, and the problems."""

    views: list[PluginView] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def load_views(context: Context, site: AdminSite = STANDARD) -> list[type[BaseView]]:
    """Return the views of a site, each as a subclass for this site. Raise ConfigurationError with all problems."""
    names = [plugin.name for plugin in context.plugins]
    gathered = _gather(context, site)
    for change in site.registrations:
        gathered.problems += _change(gathered.views, change, names, site)
    gathered.problems += _leave_out_modelless(gathered.views)
    shared = shared_attributes(site)
    found = [(one.plugin, identify(one.plugin, one.view, names, shared(one.view))) for one in gathered.views]
    problems = [*gathered.problems, *find_unfit_actions(site, (one.view for one in gathered.views))]
    claims, permissions = Claims(), {one.name for one in declared_permissions(context.plugins)}
    for plugin, view in found:
        problems += claims.claim(plugin, view)
        found_wrong = [*find_problems(view), *find_unknown_permissions(view, permissions)]
        found_wrong = found_wrong or [*find_unfit_policies(view, context.policies)]
        problems += [f"plugin {plugin!r}: {problem}" for problem in found_wrong]
    if "media" not in names:
        problems += [problem for _, view in found for problem in find_unstored(view)]
    problems += find_unlinked(view for _, view in found if issubclass(view, ModelAdmin))
    problems += find_unsearchable([view for _, view in found])
    if problems:
        raise ConfigurationError("\n".join(problems))
    return [view for _, view in found]


def _gather(context: Context, site: AdminSite) -> CollectedViews:
    gathered = CollectedViews()
    enabled = {plugin.name for plugin in context.plugins}
    for name in sorted(set(site.plugins or ()) - enabled):
        gathered.problems.append(f"the admin site {site.name!r} shows the plugin {name!r}, which is not enabled")
    for plugin in context.plugins:
        if site.plugins is not None and plugin.name not in site.plugins:
            continue
        try:
            gathered.views += [PluginView(plugin.name, view) for view in plugin.admin_views]
        except PLUGIN_FAILURES as error:
            what = describe(error, "")
            if not any(told.endswith(what) for told in gathered.problems):  # a plugin that this one imports
                gathered.problems.append(f"plugin {plugin.name!r}: its admin_views raised on import: {what}")
    return gathered


def _leave_out_modelless(views: list[PluginView]) -> Iterator[str]:
    """Remove views of models that name none, and yield a problem for each: every other check of it would fail."""
    modelless = [one for one in views if issubclass(one.view, ModelAdmin) and not hasattr(one.view, "model")]
    for one in modelless:
        views.remove(one)
        name = one.view.__name__
        yield f"plugin {one.plugin!r}: {name} names no model; write {name}(ModelAdmin, model=...)"


def _change(views: list[PluginView], change: Registration, plugins: list[str], site: AdminSite) -> Iterator[str]:
    """Apply a registration of a site; yield a problem if that is not possible."""
    place, plugin = len(views), change.plugin
    if change.hidden is not None:
        places = [at for at, one in enumerate(views) if _matches(one, change.hidden, plugins)]
        if len(places) != 1:
            known = ", ".join(sorted(_identity(one, plugins) for one in views if one.view.is_model))
            given = change.hidden if isinstance(change.hidden, str) else change.hidden.__name__
            yield f"the admin site {site.name!r} leaves out {given!r}, which is no view of it; there are {known}"
            return
        place = places[0]
        left_out = views.pop(place)
        plugin = plugin or left_out.plugin
    if change.shown is None:
        return
    if plugin and plugin not in plugins:
        yield f"the admin site {site.name!r} registers {change.shown.__name__} with {plugin!r}, which is not enabled"
    elif not plugin and not plugin_of(change.shown, plugins):
        yield f"the admin site {site.name!r} registers {change.shown.__name__}; say with which plugin=..."
    else:
        views.insert(place, PluginView(plugin or plugin_of(change.shown, plugins), change.shown))


def _matches(one: PluginView, given: type[BaseView] | str, plugins: Iterable[str]) -> bool:
    return _identity(one, plugins) == given if isinstance(given, str) else one.view is given


def _identity(one: PluginView, plugins: Iterable[str]) -> str:
    return identify(one.plugin, one.view, [*plugins]).identity
