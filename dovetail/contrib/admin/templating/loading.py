"""Load the templates of a site: those of the project override those of the framework, and can extend them.

    {# project/templates/admin/base_site.html #}
    {% extends "admin/base_site.html" %}

As in Django, this extends the template of the framework, where Jinja itself would find the same template again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, DictLoader, Environment, FileSystemLoader, PrefixLoader

BENEATH = "beneath:"  # prefix of template names: without the project's templates
EXTENDS = re.compile(r"""({%[-+]?\s*extends\s+)(["'])([^"']+)\2""")
FRAMES: Mapping[str, str] = {"admin/base.html": "sqladmin/base.html", "admin/base_site.html": "sqladmin/layout.html"}
"""What stands in for the frame of every page by lying in `project/templates/`."""


def layered(project: Path, framework: BaseLoader, plugins: Sequence[Path], parents: Mapping[str, str]) -> BaseLoader:
    """Return the loader of templates, the project's first; `parents` are other names of the framework's."""
    brought = FileSystemLoader(plugins)
    frames = {of: f'{{% extends "{name}" %}}' for name, of in FRAMES.items() if (project / name).is_file()}
    beneath = ChoiceLoader([framework, DictLoader(_named(parents, BENEATH)), brought])
    return ChoiceLoader(
        [
            DictLoader(frames),
            _ProjectLoader(project),
            framework,
            DictLoader(_named(parents)),
            brought,
            PrefixLoader({BENEATH[:-1]: beneath}, delimiter=BENEATH[-1]),
        ]
    )


class _ProjectLoader(FileSystemLoader):
    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, path, is_fresh = super().get_source(environment, template)

        def extend(found: re.Match[str]) -> str:
            start, quote, name = found.groups()
            is_beneath = name in (template, FRAMES.get(template))
            return f"{start}{quote}{BENEATH if is_beneath else ''}{name}{quote}"

        return EXTENDS.sub(extend, source), path, is_fresh


def _named(parents: Mapping[str, str], frame: str = "") -> dict[str, str]:
    return {name: f'{{% extends "{frame if of in FRAMES.values() else ""}{of}" %}}' for name, of in parents.items()}
