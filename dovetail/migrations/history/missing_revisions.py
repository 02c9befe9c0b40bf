"""Stand-ins for revisions that the database has and the project lacks: their plugin was removed, or their file."""

from collections.abc import Callable, Container
from types import ModuleType

from alembic.script import Script

from dovetail.errors import MigrationError
from dovetail.migrations.history.applied import Applied


class MissingRevision(Script):
    """An applied revision without a file; it can neither be applied nor undone."""

    def __init__(self, applied: Applied, known: Container[str]) -> None:
        self.plugin = applied.plugin
        self.name = applied.revision.removeprefix(f"{applied.plugin}_")
        module = ModuleType(applied.revision)
        module.__doc__ = "(not installed)"
        down = tuple(revision for revision in applied.down_revisions if revision in known) or None
        refuse = _refusal(applied)
        module.__dict__.update(
            down_revision=down,
            depends_on=tuple(revision for revision in applied.depends_on if revision in known) or None,
            branch_labels=None,
            upgrade=refuse,
            downgrade=refuse,
        )
        super().__init__(module, applied.revision, f"<{applied.revision}>")


def _refusal(applied: Applied) -> Callable[..., None]:
    def refuse(**_kwargs: object) -> None:
        raise MigrationError(
            f"{applied.revision} is applied, but its file is gone: plugin {applied.plugin!r} is not among the plugins "
            f"in the settings, or the file was deleted. Bring it back, or forget it and keep what it made with: "
            f"manage.py migrate --prune {applied.plugin}"
        )

    return refuse
