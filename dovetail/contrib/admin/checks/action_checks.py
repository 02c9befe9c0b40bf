"""Find actions that nobody could run, and options of actions that would be ignored."""

from collections.abc import Iterator, Sequence

from wtforms import Form

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.sqladmin_private import is_action, marked_methods, slug_of_action
from dovetail.contrib.admin.views import ModelAdmin


def find_unfit_actions(view: type[ModelAdmin]) -> Iterator[str]:
    """Find invalid entries of `actions`, an `action_form` that is no form, and actions with the same name."""
    given = view.actions
    if isinstance(given, str) or not (given is None or isinstance(given, Sequence)):
        yield f"actions is {given!r}, expected a tuple of names of methods and of functions, or None"
        return
    for one in given or ():
        if not isinstance(one, str) and not callable(one):
            yield f"actions holds {one!r}, expected the name of a method, or a function"
        elif not is_action(getattr(view, name_of(one), None)):
            yield f"actions names {name_of(one)!r}, which is no method of the view and no function"
    if view.action_form is not None and not (isinstance(view.action_form, type) and issubclass(view.action_form, Form)):
        yield f"action_form is {view.action_form!r}, expected a form of WTForms"
    slugs: dict[str, str] = {}
    for name, method in marked_methods(view):
        other = slugs.setdefault(slug_of_action(method), name) if is_action(method) else name
        if other != name:
            yield f"the actions {other!r} and {name!r} are both called {slug_of_action(method)!r}; rename one"
        if view.action_form is None and getattr(method, "lacks_form", False):
            yield f"the action {name!r} takes the data of a form and has none; set form of @action, or action_form"
