"""Warn of templates of a project by their former names, in `templates/sqladmin/`, that others stand in for."""

from collections.abc import Iterator
from pathlib import Path

from dovetail.contrib.admin.mounting.templates import PARENTS
from dovetail.contrib.admin.templating.loading import FRAMES
from dovetail.plugin import CheckMessage, Context, warning


def check_legacy_templates(context: Context) -> Iterator[CheckMessage]:
    """Yield a warning for each template that no page uses, as the project has one in its place by Django's name."""
    folder = context.settings.base_dir / "project" / "templates"
    for name, former in PARENTS.items():
        new, old = f"admin/{name}", f"sqladmin/{former}.html"
        if (folder / old).is_file() and (folder / new).is_file() and not _extends(folder / new, new, old):
            yield warning(
                "admin.W008",
                f"project/templates/{old} is passed over: project/templates/{new} stands in its place.",
                f"move its blocks into {new}, and delete it",
            )


def _extends(template: Path, name: str, other: str) -> bool:
    """Return whether a template extends another one of the project; a frame extends that of the framework."""
    return name not in FRAMES and other in template.read_text(encoding="utf-8", errors="replace")
