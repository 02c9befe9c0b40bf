"""Tell at the start which template is not there, or cannot be filled in."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError

OURS = Path(__file__).parents[3]  # the framework, whose templates its own tests fill in


def template_problem(name: str, environment: Environment) -> str | None:
    """Return the reason why a template cannot be shown, None if it can.

    The templates of the framework itself are read and not looked through: that is a twentieth of a start.
    """
    loader: Any = environment.loader
    try:
        source, path, _ = loader.get_source(environment, name)
        if path is None or not Path(path).is_relative_to(OURS):
            environment.parse(source, name, path)
    except TemplateNotFound:
        return "is no template of the site"
    except TemplateSyntaxError as error:
        return f"Jinja cannot read: line {error.lineno}: {error.message}"
    return None
