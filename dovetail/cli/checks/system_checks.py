"""The system checks of a site: its settings, models, migrations and routes, and the checks of its plugins."""

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
from dovetail.cli.checks.unread_variables import check_variables
from dovetail.cli.main import load_command
from dovetail.database.models import is_managed
from dovetail.discovery import PLUGIN_FAILURES, describe, first_sentence
from dovetail.errors import DovetailError, MigrationError
from dovetail.plugin import CheckMessage, Context, Level, Plugin, error, warning
from dovetail.registry import Registry
from dovetail.resources.checks import unserved
from dovetail.resources.endpoints.routes import resources_of
from dovetail.resources.policies.registered import POLICIES
from dovetail.resources.policy_checks import revealing_links, unregistered
from dovetail.resources.write.lacking import doubtful_values

UNMAPPED = {"kernel.E001", "kernel.E002"}  # models cannot be mapped, so that checks of plugins may raise for it, too


@analysing_once()
def run_checks(
    context: Context, registry: Registry, *, deploy: bool = False, thorough: bool = True
) -> list[CheckMessage]:
    """Return all findings, the worst first; `deploy` adds those that matter once strangers can reach the site.

    Without `thorough`, checks are left out that need an application of their own or code that a server does not import.

    Raise ConfigurationError if no application can be made at all.
    """
    found = [*check_settings(context.settings), *check_variables(context.settings, registry)]
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
    is_mapped = not any(message.id in UNMAPPED for message in found)
    found += [message for message in check_plugins(context) if is_mapped or message.id != "kernel.E005"]
    return sorted(found, key=lambda message: (-message.level, message.id))


def check_models(plugins: Sequence[Plugin]) -> Iterator[CheckMessage]:
    """Yield the relationships that cannot be mapped, and the problems of foreign keys."""
    try:
        configure_mappers()
    except PLUGIN_FAILURES as failure:  # SQLAlchemy raises many kinds, and so may a plugin's listener
        # A relationship over a foreign key to a table that is not there cannot be mapped: the key is the reason.
        lost = [one for one in check_foreign_keys(plugins) if one.id == "kernel.E002"]
        what = first_sentence(str(failure)).removesuffix(".")
        yield from lost or [error("kernel.E001", f"The models cannot be mapped: {what}.", _advice(what))]
        return
    yield from check_foreign_keys(plugins)


def check_migrations(registry: Registry) -> Iterator[CheckMessage]:
    """Yield the plugins that have models but no migrations."""
    for entry in registry.installed.values():
        has_tables = any(is_managed(model.__table__) for model in entry.plugin.models)
        if has_tables and not any(entry.migrations.glob("[0-9]*.py")):
            name = entry.plugin.name
            yield warning(
                "kernel.W003",
                f"The plugin {name!r} has models but no migration.",
                f"run `manage.py makemigrations {name}`, then `manage.py migrate`",
            )


def check_histories(base_dir: Path, registry: Registry) -> Iterator[CheckMessage]:
    """Yield the migrations that cannot be read, and the warnings of the lint about the others."""
    # Imported here: a server does without Alembic.
    import dovetail.migrations.bridge.deferred_mako  # noqa: F401 - before Alembic
    from dovetail.migrations.history.graph import load_history
    from dovetail.migrations.lint import lint_own

    try:
        history = load_history(base_dir, registry)
        yield from lint_own(history, base_dir, registry)
    except MigrationError as failure:
        yield error("kernel.E007", f"The migrations cannot be read: {failure}", "correct the file it names")
        return
    for name in registry.installed:
        if len(heads := history.heads(name)) > 1:
            what = f"The plugin {name!r} has {len(heads)} latest migrations, {' and '.join(heads)}, expected one."
            yield error("kernel.E009", what, f"join them with `manage.py makemigrations --merge {name}`")


def check_parts(registry: Registry) -> Iterator[CheckMessage]:
    """Yield the commands and extensions that cannot be imported, which would otherwise fail only when they are used."""
    for entry in registry.installed.values():
        parts: dict[str, Callable[[], object]] = {
            f"its command {command.name!r}": partial(load_command, command) for command in entry.plugin.commands
        }
        for point, things in entry.plugin.extensions.items():
            parts[f"what it brings to {point!r}"] = partial(list, things)
        for what, load in parts.items():
            try:
                load()
            except PLUGIN_FAILURES as failure:
                text = failure.detail if isinstance(failure, DovetailError) else describe(failure, entry.package)
                yield error(
                    "kernel.E006", f"The plugin {entry.plugin.name!r}: {what} does not work: {text}", "correct the name"
                )


def check_routes(app: FastAPI) -> Iterator[CheckMessage]:
    """Yield the routes that no request reaches, including those that the site has added to the application."""
    for problem in unreachable_routes(app):
        text, _, hint = problem.partition("; ")
        yield error("kernel.E008", f"{text[:1].upper()}{text[1:]}.", hint)


def check_schema(app: FastAPI) -> Iterator[CheckMessage]:
    """Yield an error if there can be no OpenAPI document, and a warning for each unbounded list in a body."""
    try:
        document = app.openapi()
    except PLUGIN_FAILURES as failure:  # a schema of a plugin may raise anything
        yield error(
            "kernel.E004", f"/openapi.json cannot be made: {failure}", "correct the schema or the endpoint it names"
        )
        return
    for where in unbounded_lists(document):
        yield warning(
            "kernel.W004",
            f"{where} is a list without a maximum length, and every object in it is validated.",
            "give it a limit: Annotated[list[...], Field(max_length=100)]",
        )


def check_indexes(app: FastAPI) -> Iterator[CheckMessage]:
    """Yield the orders, filters and searches of lists that no index serves."""
    for resource in resources_of(app, listed=True):
        for one in unserved(resource):
            yield warning(
                "kernel.W005",
                f"{resource.collection}: no index serves {one.what}: a large table is read whole for it.",
                f"{one.hint} by naming it in `unindexed` of the resource",
            )


def check_policies(app: FastAPI) -> Iterator[CheckMessage]:
    """Yield the resources and related models that have no registered policy."""
    specs, policies = resources_of(app), POLICIES.get(app)
    for code, what, hint in (*unregistered(specs, policies), *revealing_links(specs, policies)):
        yield warning(code, f"{what}.", hint)


def check_new_rows(app: FastAPI) -> Iterator[CheckMessage]:
    """Yield the columns of new rows that only get a value from Python code of the model or of a schema."""
    for code, what, hint in doubtful_values(resources_of(app)):
        yield warning(code, f"{what}.", hint)


def check_plugins(context: Context) -> Iterator[CheckMessage]:
    """Yield the findings of the checks of plugins; a check that raises an exception is a finding too."""
    for plugin in context.plugins:
        for check in plugin.checks:
            try:
                yield from check(context)
            except PLUGIN_FAILURES as failure:
                name = getattr(check, "__name__", "a check")
                what = f"{type(failure).__name__}: {failure}"
                yield error(
                    "kernel.E005", f"The check {name} of the plugin {plugin.name!r} raised {what}", "correct it"
                )


def _advice(what: str) -> str:
    if "has no property" in what:
        return "back_populates names the attribute of the other model: write a relationship there, too, or leave it out"
    if "there are no foreign keys" in what:
        return "give one of the two models a column with ForeignKey(...)"
    if "failed to locate a name" in what:
        return "correct the name, or write a function: relationship(lambda: Post)"
    return "correct the relationship it names"
