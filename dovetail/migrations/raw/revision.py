"""`alembic revision`: the same split into one file a plugin as `manage.py makemigrations`."""

import re
from collections.abc import Callable

from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from dovetail.errors import MigrationError
from dovetail.migrations.bridge import alembic_private
from dovetail.migrations.history.graph import History
from dovetail.migrations.make.new_revisions import NewRevision, empty_revision, plan_revisions
from dovetail.migrations.make.owners import Owners
from dovetail.migrations.make.questioner import SafeAnswers
from dovetail.registry import Registry

Directives = list[ops.MigrationScript]


def split_raw_revision(history: History, registry: Registry) -> Callable[[MigrationContext, object, Directives], None]:
    """Return a hook for Alembic's `process_revision_directives`."""

    def process(context: MigrationContext, _revision: object, directives: Directives) -> None:
        environment = context.environment_context
        assert environment is not None  # noqa: S101 - env.py runs in one
        if alembic_private.command_name(environment) == "check":
            return  # it reads the one directive that is there
        given = directives[0]
        slug = re.sub(r"\W+", "_", given.message or "").strip("_").lower() or None
        if getattr(context.config and context.config.cmd_opts, "autogenerate", False):
            assert given.upgrade_ops is not None  # noqa: S101 - there is one database
            new = plan_revisions(
                given.upgrade_ops.ops,
                history,
                Owners(history, registry.installed),
                SafeAnswers(),
                only=registry.installed,
                slug=slug,
            )
        else:
            new = [empty_revision(history, _plugin_of(given, registry), slug)]
        directives[:] = [_directive(each, registry, given.imports) for each in new]

    return process


def _plugin_of(given: ops.MigrationScript, registry: Registry) -> str:
    plugin = str(given.head).partition("@")[0]
    if plugin not in registry.installed:
        raise MigrationError(
            "say for which plugin: `alembic revision --head blog@head -m ...`, "
            "or `manage.py makemigrations --empty blog`"
        )
    return plugin


def _directive(new: NewRevision, registry: Registry, imports: set[str]) -> ops.MigrationScript:
    return ops.MigrationScript(
        new.revision,
        new.upgrade,
        new.downgrade,
        message=new.name,
        imports=set(imports),
        head=new.down or "base",  # type: ignore[arg-type]  # generate_revision takes several
        branch_label=None if new.down else new.plugin,
        version_path=str(registry.installed[new.plugin].migrations),
        depends_on=list(new.depends_on) or None,
    )
