"""`manage.py routes`: every address the site answers."""

from collections.abc import Iterator

import click
from fastapi import FastAPI
from starlette.routing import Mount

from dovetail.api.fastapi_private import Dependant, RouteContext, is_security_scheme, routes_of
from dovetail.api.principal import require_staff
from dovetail.application import site_application
from dovetail.cli.output import print_table
from dovetail.cli.state import State
from dovetail.registry import Registry
from dovetail.resources.declaration.model_rules import OF_INSERTS, OF_UPDATES, why_objects
from dovetail.resources.endpoints.routes import ResourceEndpoint


@click.command()
@click.pass_obj
def routes(state: State) -> None:
    """List every route: its methods, its path, its name, the plugin it comes from, and who may use it."""
    rows = sorted(_rows(site_application(state.settings), state.registry), key=lambda row: (row[1], row[0]))
    print_table(("METHODS", "PATH", "NAME", "PLUGIN", "AUTH", "ROAD"), rows)


def _rows(app: FastAPI, registry: Registry) -> Iterator[tuple[str, ...]]:
    for route in routes_of(app.routes):
        if isinstance(route.original_route, Mount):
            yield "*", f"{route.path}/...", route.name or "-", _plugin(route, registry), "its own", "-"
            continue
        methods = ",".join(sorted((route.methods or {"WEBSOCKET"}) - {"HEAD"}))
        yield (
            methods,
            route.path or "/",
            route.name or "-",
            _plugin(route, registry),
            _security(route),
            _road(route, app),
        )


def _plugin(route: RouteContext, registry: Registry) -> str:
    endpoint = route.endpoint or getattr(route.original_route, "app", None)
    module = getattr(endpoint, "__module__", None) or ""
    owners = [entry for entry in registry.installed.values() if f"{module}.".startswith(f"{entry.package}.")]
    return max(owners, key=lambda entry: len(entry.package)).plugin.name if owners else "kernel"


def _road(route: RouteContext, app: FastAPI) -> str:
    """Return how a resource is read or written here: by compiled statements, or by the ORM, and why."""
    endpoint, methods = route.endpoint, route.methods or ()
    if not isinstance(endpoint, ResourceEndpoint) or "DELETE" in methods:
        return "-"
    if "GET" in methods:
        reason = endpoint.spec.reader.why_python(app.state.database.engine.dialect)
    else:
        sessions = app.state.database.sessions.kw["sync_session_class"]
        reason = why_objects(endpoint.spec.model, sessions, OF_INSERTS if "POST" in methods else OF_UPDATES)
    return "compiled" if reason is None else f"ORM: {reason}"


def _security(route: RouteContext) -> str:
    """The dependencies that ask who is there, e.g. `staff_user`; "-" where anybody may come."""
    dependant = getattr(route, "dependant", None)
    guards = [part for part in (dependant.dependencies if dependant else []) if _asks_who(part)]
    return ", ".join(getattr(guard.call, "__name__", "yes").removeprefix("get_") for guard in guards) or "-"


def _asks_who(dependant: Dependant) -> bool:
    asks = is_security_scheme(dependant) or dependant.call is require_staff
    return asks or any(_asks_who(part) for part in dependant.dependencies)
