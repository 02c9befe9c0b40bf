"""Check at start for templates that do not exist or cannot be rendered."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError, nodes

from dovetail.contrib.admin.templating.loading import BENEATH

OURS = Path(__file__).parents[3]  # the framework, whose templates are tested
OF_DJANGO: Mapping[str, str] = {
    "content_title": "heading",
    "extrahead": "head_tail",
    "extrastyle": "head_css",
    "messages": "flash",
    "userlinks": "account",
}
"""Blocks of Django's templates that are called otherwise here."""


class UnfitTemplateError(Exception):
    """A template refers to another one, or a block, that does not exist."""


def template_problem(name: str, environment: Environment) -> str | None:
    """Return the reason why a template cannot be rendered; None if it can.

    The templates of the framework are only looked up, since parsing them would take a twentieth of a start.
    """
    try:
        source, path = _source(name, environment)
        if path is None or not Path(path).is_relative_to(OURS):
            tree = environment.parse(source, name, path)
            _check_included(tree, environment)
            _check_blocks(tree, _blocks_above(tree, environment, [name]))
    except TemplateNotFound:
        return "is no template of the site"
    except TemplateSyntaxError as error:
        return f"Jinja cannot read: line {error.lineno}: {error.message}"
    except UnfitTemplateError as error:
        return str(error)
    return None


def _check_included(tree: nodes.Template, environment: Environment) -> None:
    included = [(one.template, "includes") for one in tree.find_all(nodes.Include) if not one.ignore_missing]
    imports: list[nodes.Import | nodes.FromImport] = [*tree.find_all(nodes.Import), *tree.find_all(nodes.FromImport)]
    for node, verb in (*included, *((one.template, "imports") for one in imports)):
        if name := _constant(node):
            _find(name, environment, verb)


def _check_blocks(tree: nodes.Template, above: Sequence[str] | None) -> None:
    """Raise UnfitTemplateError for a block that does not exist in the template that is extended."""
    if above is None:
        return
    for name in _outer_blocks(tree):
        if name not in above:
            told = (
                f"is called {OF_DJANGO[name]}" if name in OF_DJANGO else f"is none of {', '.join(sorted(set(above)))}"
            )
            raise UnfitTemplateError(f"has a block {name!r}, which {told}")


def _blocks_above(tree: nodes.Template, environment: Environment, seen: Sequence[str]) -> list[str] | None:
    """Return the names of the blocks that a template may override; None if they are known only at rendering."""
    extends = list(tree.find_all(nodes.Extends))
    if not extends:
        return None if len(seen) == 1 else []
    parent = _constant(extends[0].template) if len(extends) == 1 else None
    if parent is None:
        return None
    if parent in seen:
        raise UnfitTemplateError(f"extends itself as {parent!r}; name one of the framework")
    found = environment.parse(_find(parent, environment, "extends"), parent)
    above = _blocks_above(found, environment, [*seen, parent])
    return None if above is None else [*above, *(block.name for block in found.find_all(nodes.Block))]


def _outer_blocks(node: nodes.Node) -> Iterator[str]:
    """Yield the blocks that are not nested in another one."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Block):
            yield child.name
        else:
            yield from _outer_blocks(child)


def _find(name: str, environment: Environment, verb: str) -> str:
    try:
        return _source(name, environment)[0]
    except TemplateNotFound:
        own, there = name.removeprefix(BENEATH), "which is no template of the site"
        told = there if own == name else "and nothing but itself is called so"
        raise UnfitTemplateError(f"{verb} {own!r}, {told}") from None


def _source(name: str, environment: Environment) -> tuple[str, str | None]:
    loader: Any = environment.loader
    source, path, _ = loader.get_source(environment, name)
    return source, path


def _constant(node: nodes.Node) -> str | None:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None
