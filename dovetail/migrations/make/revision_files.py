"""Write revision files, well enough formed that ruff has nothing to say if it is there to tidy them."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

from dovetail.errors import MigrationError
from dovetail.migrations.bridge import alembic_private
from dovetail.migrations.bridge.rendering import render_item
from dovetail.migrations.history.graph import History
from dovetail.migrations.make.new_revisions import NewRevision


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A new revision as Python code, not yet written."""

    revision: NewRevision
    upgrade: str
    downgrade: str
    imports: str


def render(revision: NewRevision, context: MigrationContext) -> Rendered:
    """Turn the operations of a revision into code."""
    options = {
        "alembic_module_prefix": "op.",
        "sqlalchemy_module_prefix": "sa.",
        "user_module_prefix": None,
        "render_as_batch": True,
        "render_item": render_item,
    }
    autogen = AutogenContext(context, opts=options)
    return Rendered(
        revision=revision,
        upgrade=alembic_private.rendered_body(revision.upgrade, autogen),
        downgrade=alembic_private.rendered_body(revision.downgrade, autogen),
        imports="\n".join(sorted(autogen.imports)),
    )


def write(rendered: Sequence[Rendered], history: History, folders: dict[str, Path]) -> list[Path]:
    """Write one file each into the folders of their plugins, and tidy them. Raise MigrationError."""
    paths = [_write(each, history, folders[each.revision.plugin]) for each in rendered]
    tidy(paths)
    return paths


def tidy(paths: Iterable[Path]) -> None:
    """Format files with ruff if it is installed, as Django does with black."""
    ruff = Path(sys.executable).with_name("ruff")
    found = str(ruff) if ruff.exists() else shutil.which("ruff")
    names = [str(path) for path in paths]
    if found and names:
        subprocess.run([found, "format", "--quiet", *names], check=False)  # noqa: S603 - a formatter that fails has left the file as it was


def _write(rendered: Rendered, history: History, folder: Path) -> Path:
    revision = rendered.revision
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").touch()
    options: dict[str, Any] = {
        "upgrades": indent(rendered.upgrade, "    "),
        "downgrades": indent(rendered.downgrade, "    "),
        "imports": rendered.imports,
    }
    try:
        script = history.script.generate_revision(
            revision.revision,
            revision.name,
            head=revision.down or "base",
            branch_labels=None if revision.down else revision.plugin,
            version_path=folder,
            depends_on=revision.depends_on or None,
            refresh=True,
            **options,
        )
    except FileNotFoundError as error:
        raise MigrationError(
            f"cannot write a migration: {error.filename} is missing; it is the template of all"
        ) from error
    except CommandError as error:
        raise MigrationError(f"cannot write {revision.revision}: {error}") from error
    assert script is not None  # noqa: S101 - the file was just written
    return Path(script.path)
