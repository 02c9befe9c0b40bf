"""Every system check of a site: its settings, its models, its routes, and what its plugins check themselves."""

import dovetail.api.deferred_models  # noqa: F401 - before FastAPI, which it imports

# isort: split

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy.orm import configure_mappers

from dovetail.api.fastapi_private import analysing_once
from dovetail.api.openapi.unbounded import unbounded_lists
from dovetail.api.route_checks import unreachable_routes
from dovetail.application import site_application
from dovetail.cli.checks.deployment import check_deployment, check_settings
from dovetail.cli.checks.foreign_keys import check_foreign_keys
from dovetail.cli.main import load_command
from dovetail.database.models import is_managed
from dovetail.discovery import PLUGIN_FAILURES, describe
from dovetail.errors import DovetailError, MigrationError
from dovetail.plugin import CheckMessage, Context, Level, Plugin, warning
from dovetail.registry import Registry
from dovetail.resources.checks import unserved
from dovetail.resources.endpoints.routes import resources_of
from dovetail.resources.policies.registered import POLICIES
from dovetail.resources.policy_checks import telling_keys, unregistered
from dovetail.resources.write.lacking import doubtful_values


@analysing_once()
def run_checks(
    context: Context, registry: Registry, *, deploy: bool = False, thorough: bool = True
) -> list[CheckMessage]:
    """Every finding, the worst first; `deploy` adds what matters once strangers can reach the site.

    Without `thorough`, what takes an application of its own, or code that a server does without, is left out.

    Raises ConfigurationError if no application can be made at all.
    """
    found = [*check_settings(context.settings)]
    if deploy:
        found += check_deployment(context.settings)
    found += check_models(context.plugins)
    found += check_migrations(registry)
    if thorough:
        found += check_histories(context.settings.base_dir, registry)
        found += check_parts(registry)
    if thorough and not any(message.level >= Level.ERROR for message in found):
        app = site_application(context.settings)
        found += check_routes(app)
        found += check_schema(app)
        found += check_indexes(app)
        found += [*check_policies(app), *check_new_rows(app)]
    found += check_plugins(context)
    return sorted(found, key=lambda message: (-message.level, message.id))


def check_models(plugins: Sequence[Plugin]) -> Iterator[CheckMessage]:
    """Relations that cannot be mapped, and what is wrong with foreign keys."""
    try:
        configure_mappers()
    except PLUGIN_FAILURES as error:  # SQLAlchemy raises many kinds, and so may a plugin's listener
        yield _error("kernel.E001", f"The models cannot be mapped: {error}", "correct the relationship it names")
        return
    yield from check_foreign_keys(plugins)


def check_migrations(registry: Registry) -> Iterator[CheckMessage]:
    """Plugins that have models but no history that makes their tables."""
    for entry in registry.installed.values():
        has_tables = any(is_managed(model.__table__) for model in entry.plugin.models)
        if has_tables and not any(entry.migrations.glob("[0-9]*.py")):
            name = entry.plugin.name
            yield CheckMessage(
                id="kernel.W003",
                level=Level.WARNING,
                message=f"The plugin {name!r} has models but no migration.",
                hint=f"run `manage.py makemigrations {name}`, then `manage.py migrate`",
            )


def check_histories(base_dir: Path, registry: Registry) -> Iterator[CheckMessage]:
    """Migrations that cannot be read, and what is doubtful about those that can."""
    # Imported here: a server does without Alembic.
    import dovetail.migrations.bridge.deferred_mako  # noqa: F401 - before Alembic
    from dovetail.migrations.history.graph import load_history
    from dovetail.migrations.lint import lint_own

    try:
        history = load_history(base_dir, registry)
        yield from lint_own(history, base_dir, registry)
    except MigrationError as error:
        yield _error("kernel.E007", f"The migrations cannot be read: {error}", "correct the file it names")
        return
    for name in registry.installed:
        if len(heads := history.heads(name)) > 1:
            what = f"The plugin {name!r} has {len(heads)} latest migrations, {' and '.join(heads)}, expected one."
            yield _error("kernel.E009", what, f"join them with `manage.py makemigrations --merge {name}`")


def check_parts(registry: Registry) -> Iterator[CheckMessage]:
    """Commands and extensions that cannot be imported; nothing else would notice before they are used."""
    for entry in registry.installed.values():
        parts: dict[str, Callable[[], object]] = {
            f"its command {command.name!r}": partial(load_command, command) for command in entry.plugin.commands
        }
        for point, things in entry.plugin.extensions.items():
            parts[f"what it brings to {point!r}"] = partial(list, things)
        for what, load in parts.items():
            try:
                load()
            except PLUGIN_FAILURES as error:
                text = error.detail if isinstance(error, DovetailError) else describe(error, entry.package)
                yield _error(
                    "kernel.E006", f"The plugin {entry.plugin.name!r}: {what} does not work: {text}", "correct the name"
                )


def check_routes(app: FastAPI) -> Iterator[CheckMessage]:
    """Yield the routes that no request reaches: the site may have added some to the application that was made."""
    for problem in unreachable_routes(app):
        text, _, hint = problem.partition("; ")
        yield _error("kernel.E008", f"{text[:1].upper()}{text[1:]}.", hint)


def check_schema(app: FastAPI) -> Iterator[CheckMessage]:
    """An OpenAPI document that cannot be made, and lists in it that may have any length."""
    try:
        document = app.openapi()
    except PLUGIN_FAILURES as error:  # a schema of a plugin may raise anything
        yield _error(
            "kernel.E004", f"/openapi.json cannot be made: {error}", "correct the schema or the endpoint it names"
        )
        return
    for where in unbounded_lists(document):
        yield CheckMessage(
            id="kernel.W004",
            level=Level.WARNING,
            message=f"{where} is a list of objects of any length, in which every mistake is looked for.",
            hint="give it a limit: Annotated[list[...], Field(max_length=100)]",
        )


def check_indexes(app: FastAPI) -> Iterator[CheckMessage]:
    """Orders, filters and searches of lists that no index serves."""
    for resource in resources_of(app, listed=True):
        for one in unserved(resource):
            yield CheckMessage(
                id="kernel.W005",
                level=Level.WARNING,
                message=f"{resource.collection}: no index serves {one.what}: a large table is read whole for it.",
                hint=f"{one.hint} by naming it in `unindexed` of the resource",
            )


def check_policies(app: FastAPI) -> Iterator[CheckMessage]:
    """Resources and related models of which no policy says, for all doors alike, who may do what."""
    specs, policies = resources_of(app), POLICIES.get(app)
    for code, what, hint in (*unregistered(specs, policies), *telling_keys(specs, policies)):
        yield warning(code, f"{what}.", hint)


def check_new_rows(app: FastAPI) -> Iterator[CheckMessage]:
    """Values of new rows that nothing gives unless Python of the model or of a schema does."""
    for code, what, hint in doubtful_values(resources_of(app)):
        yield warning(code, f"{what}.", hint)


def check_plugins(context: Context) -> Iterator[CheckMessage]:
    """Yield what the checks of plugins find; a check that raises is a finding too."""
    for plugin in context.plugins:
        for check in plugin.checks:
            try:
                yield from check(context)
            except PLUGIN_FAILURES as error:
                name = getattr(check, "__name__", "a check")
                what = f"{type(error).__name__}: {error}"
                yield _error(
                    "kernel.E005", f"The check {name} of the plugin {plugin.name!r} raised {what}", "correct it"
                )


def _error(code: str, message: str, hint: str) -> CheckMessage:
    return CheckMessage(id=code, level=Level.ERROR, message=message, hint=hint)
