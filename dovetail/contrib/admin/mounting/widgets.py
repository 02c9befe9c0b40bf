"""Check the dashboard widgets at start."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from jinja2 import Environment
from sqlalchemy import inspect
from sqlalchemy.exc import NoInspectionAvailable

from dovetail.contrib.admin.dashboard.asking import find_unfit_statement
from dovetail.contrib.admin.dashboard.dashboard import PlacedWidget
from dovetail.contrib.admin.lists.filtering import parameters_of
from dovetail.contrib.admin.rules.rules import KNOWN, knows
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.templating.problems import template_problem
from dovetail.contrib.admin.views import ModelAdmin, as_filter
from dovetail.contrib.admin.widgets.kinds import Chart, Figure, Listing
from dovetail.contrib.admin.widgets.widget import STAFF, Widget
from dovetail.contrib.auth.permissions.declared import declared_permissions
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context

WIDGETS = "admin.dashboard"  # the extension point
DAY = 86_400
LONGEST = 60  # seconds of a statement; ADMIN_STATEMENT_TIMEOUT applies as well
MOST = 366  # rows, and days


def widgets_of(context: Context, site: SiteContext, environment: Environment) -> list[PlacedWidget]:
    """Return the widgets of the plugins of a site. Raise ConfigurationError for invalid ones."""
    permissions = {one.name for one in declared_permissions(context.plugins)}
    found: list[PlacedWidget] = []
    problems: list[str] = []
    for plugin in context.plugins:
        if site.declared.plugins is not None and plugin.name not in site.declared.plugins:
            continue
        for widget in plugin.extensions.get(WIDGETS, ()):
            if not isinstance(widget, Widget):
                told = f"the extension point {WIDGETS!r} holds {widget!r:.80}, expected a Figure, a Chart or a Listing"
                problems.append(f"plugin {plugin.name!r}: {told}")
                continue
            found.append(PlacedWidget(plugin.name, widget))
            told_wrong = _find_problems(widget, site, permissions, environment)
            problems += [f"plugin {plugin.name!r}: the widget {widget.title!r} {one}" for one in told_wrong]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return found


def _find_problems(
    widget: Widget, site: SiteContext, permissions: Iterable[str], environment: Environment
) -> Iterator[str]:
    yield from _find_permission_problems(widget, site, set(permissions))
    yield from _find_limits(widget)
    if problem := template_problem(widget.template, environment):
        yield f"has the template {widget.template!r}, which {problem}"
    if any(not _is_model(one, site) for one in widget.models):
        return  # all further checks need the models
    yield from _find_sources(widget)
    yield from _find_query(widget, site)


def _find_permission_problems(widget: Widget, site: SiteContext, permissions: set[str]) -> Iterator[str]:
    if not isinstance(widget.title, str) or not widget.title.strip():
        yield "has no title"
    if widget.permission is None and not widget.models:
        yield "names neither a permission nor models, so that nothing says who may see it"
    if widget.permission not in {None, STAFF, *permissions}:
        near = get_close_matches(str(widget.permission), permissions, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ', declare it in extensions={"auth.permissions": [...]}'
        yield f"takes {widget.permission!r}, which is no permission{hint}"
    for model in widget.models:
        if not _is_model(model, site):
            yield f"is of {model!r:.80}, which is no model of an enabled plugin"
            return
    if widget.rule in KNOWN:
        return
    policy = site.policies.of(widget.models[0]) if widget.models else None
    if policy is None or not knows(policy, widget.rule):
        yield f"follows the rule {widget.rule!r}, which no policy of its models knows"


def _find_limits(widget: Widget) -> Iterator[str]:
    if not 0 <= widget.seconds <= DAY:
        yield f"is kept for {widget.seconds!r} seconds, expected 0 to {DAY:,}"
    if not 0 < widget.timeout <= LONGEST:
        yield f"has {widget.timeout!r} seconds for its statement, expected more than 0 and at most {LONGEST}"
    if not 0 < widget.limit <= MOST:
        yield f"shows {widget.limit!r} rows, expected 1 to {MOST}"
    if isinstance(widget, Chart) and not 0 < widget.days <= MOST:
        yield f"shows {widget.days!r} days, expected 1 to {MOST}"
    if isinstance(widget, Chart) and widget.kind not in {"bars", "line"}:
        yield f"is drawn as {widget.kind!r}, expected 'bars' or 'line'"


def _find_sources(widget: Widget) -> Iterator[str]:
    if type(widget).select not in {Widget.select, Figure.select, Chart.select}:
        return  # it has its own statement
    names = ["statement", *(name for name in ("where", "value", "per_day") if hasattr(widget, name))]
    given = [name for name in names if getattr(widget, name) is not None]
    if len(given) != 1:
        yield f"has {' and '.join(given) or 'nothing to ask'}, expected one of {', '.join(names)}"
    elif given[0] in {"where", "per_day"} and not widget.models:
        yield f"has {given[0]} and no models, of whose rows it could be"
    elif widget.statement is not None and not callable(widget.statement):
        yield from _find_columns(widget)
        yield from (f"cannot be asked: {one}" for one in find_unfit_statement(widget, widget.statement))


def _find_columns(widget: Widget) -> Iterator[str]:
    statement = widget.statement
    names = [] if statement is None or callable(statement) else [one["name"] for one in statement.column_descriptions]
    if isinstance(widget, Chart) and len(names) != 2:  # noqa: PLR2004 - a pair
        yield f"asks for {len(names)} columns, expected a label and a number"
    if isinstance(widget, Listing) and ("text" not in names or set(names) - {"text", "note", "key"}):
        yield f"asks for columns called {', '.join(map(str, names))}, expected 'text', and perhaps 'note' and 'key'"
    if isinstance(widget, Listing) and "key" in names and not _has_one_key(widget):
        yield "has a column 'key', which only a first model with a key of one column can have"


def _find_query(widget: Widget, site: SiteContext) -> Iterator[str]:
    query = widget.query if isinstance(widget, Figure | Listing) else {}
    views = [view for view in site.views.values() if widget.models and view.model is widget.models[0]]
    if query and not widget.models:
        yield "has a query and no models, to whose list it could lead"
    if any(type(view).get_list_filter is not ModelAdmin.get_list_filter for view in views):
        return  # it answers by request
    filters = (as_filter(view.model, one) for view in views for one in view.list_filter)
    known = {name for one in filters for name in parameters_of(one)}
    for name in query if views else ():
        if name not in known and name != "search":
            yield f"leads to a list filtered by {name!r}, and there is no such filter of {widget.models[0].__name__}"


def _has_one_key(widget: Widget) -> bool:
    return bool(widget.models) and len(inspect(widget.models[0]).primary_key) == 1


def _is_model(model: object, site: SiteContext) -> bool:
    try:
        return isinstance(model, type) and bool(inspect(model)) and model in site.homes
    except NoInspectionAvailable:
        return False
