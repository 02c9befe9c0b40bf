"""Actions that a site adds to all of its views, or disables in them."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from sqladmin import BaseView

from dovetail.contrib.admin.sites.admin_site import AdminSite
from dovetail.contrib.admin.sqladmin_private import action_slug, is_action, marked_methods, slug_of_action

DELETE = "delete_selected"

Shared = Callable[[type[BaseView]], Mapping[str, object]]


def shared_attributes(site: AdminSite) -> Shared:
    """Return the attributes that a site adds to the class of each view: its actions, and None for disabled ones."""
    disabled = set(map(action_slug, site.disabled_actions))

    def of_view(view: type[BaseView]) -> Mapping[str, object]:
        if not view.is_model:
            return {}
        left_out = {name for name, slug in _actions(view) if slug in disabled}
        attributes: dict[str, object] = dict.fromkeys(left_out)
        attributes |= {name: action for name, action in site.added_actions.items() if not hasattr(view, name)}
        if DELETE in site.disabled_actions:
            attributes["deletes_selected"] = False
        if site.empty_value_display is not None and getattr(view, "empty_value_display", None) is None:
            attributes["empty_value_display"] = site.empty_value_display
        return attributes

    return of_view


def find_unfit_actions(site: AdminSite, views: Iterable[type[BaseView]]) -> Iterator[str]:
    """Yield problems: an added action that is not one, a disabled action that no view has."""
    for name, action in site.added_actions.items():
        if not is_action(action):
            yield f"the admin site {site.name!r} adds {name!r}, which is no action; write @action(...) above it"
    known = {DELETE, *(slug for view in views for _, slug in _actions(view))}
    for name in site.disabled_actions:
        if name not in known and action_slug(name) not in known:
            yield f"the admin site {site.name!r} disables the action {name!r}; there are {', '.join(sorted(known))}"


def _actions(view: type[BaseView]) -> Iterator[tuple[str, str]]:
    for name, method in marked_methods(view):
        if is_action(method):
            yield name, slug_of_action(method)
