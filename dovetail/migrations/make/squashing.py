"""Write one revision that does what several did, in their order; their own code is copied, so nothing is lost."""

import ast
import re
from collections.abc import Sequence
from pathlib import Path

from alembic.script import Script

from dovetail.errors import MigrationError
from dovetail.migrations.bridge import alembic_private
from dovetail.migrations.history.graph import History, load_history, migration_name
from dovetail.migrations.history.missing_revisions import MissingRevision
from dovetail.migrations.history.plan import find
from dovetail.migrations.make.revision_files import tidy
from dovetail.registry import Registry, unknown_plugins

HEADER = {"revision", "down_revision", "branch_labels", "depends_on", "replaces"}

TEMPLATE = '''\
"""Stands for {first} to {last}; the functions below are theirs, one migration each.

Revision ID: {revision}
Revises: {revises}
Depends on: {needs}
Replaces: {replaced}
"""

from collections.abc import Callable

revision: str = "{revision}"
down_revision: str | tuple[str, ...] | None = {down_revision!r}
branch_labels: str | tuple[str, ...] | None = {branch_labels!r}
depends_on: str | tuple[str, ...] | None = {depends_on!r}
replaces: tuple[str, ...] = {replaces!r}

Both = tuple[Callable[[], None], Callable[[], None]]  # upgrade and downgrade


{functions}


STEPS = ({steps},)


def upgrade() -> None:
    """Apply them in their order."""
    for step in STEPS:
        step()[0]()


def downgrade() -> None:
    """Undo them, the last first."""
    for step in reversed(STEPS):
        step()[1]()
'''


def squash(base_dir: Path, registry: Registry, plugin: str, first: str, last: str) -> tuple[Path, list[str]]:
    """Write a revision that replaces those of `plugin` from `first` to `last`; return its file and their ids.

    Raise MigrationError, naming what stands in the way, if one revision cannot do what they do.
    """
    if plugin not in registry.installed:
        raise MigrationError(unknown_plugins([plugin], registry))
    history = load_history(base_dir, registry)
    revisions = _between(history, plugin, find(history, plugin, first), find(history, plugin, last))
    scripts = [history.scripts[revision] for revision in revisions]
    functions = [_as_function(script) for script in scripts]
    path = registry.installed[plugin].migrations / f"{_stem(scripts)}.py"
    if path.exists():
        raise MigrationError(f"{path.name} exists already; delete it first")
    path.write_text(_text(plugin, path.stem, scripts, functions), encoding="utf-8")
    tidy([path])
    return path, revisions


def _between(history: History, plugin: str, first: str, last: str) -> list[str]:
    own = {script.revision for script in history.of_plugin(plugin)}
    chosen = own & history.descendants([first]) & history.ancestors([last])
    if not {first, last} <= chosen or first == last:
        raise MigrationError(f"expected two migrations, the second after the first; found {first} and {last}")
    for revision in sorted(chosen):
        below = set(alembic_private.down_revisions(history.scripts[revision])) if revision != first else set()
        above = {name for name in own if revision in alembic_private.down_revisions(history.scripts[name])}
        beside = (below | (above if revision != last else set())) - chosen
        if beside:
            raise MigrationError(f"{' and '.join(sorted(beside))} branches off between {first} and {last}")
    between = (history.descendants(chosen) & history.ancestors(chosen)) - chosen
    if between:
        raise MigrationError(
            f"{' and '.join(sorted(between))} must come after a part of {first} to {last} and before another; "
            "squash the two parts by themselves"
        )
    return history.ordered(chosen)


def _stem(scripts: Sequence[Script]) -> str:
    return f"{migration_name(scripts[0]).partition('_')[0]}_squashed_{migration_name(scripts[-1])}"


def _text(plugin: str, name: str, scripts: Sequence[Script], functions: Sequence[str]) -> str:
    revisions = tuple(script.revision for script in scripts)
    down = alembic_private.down_revisions(scripts[0])
    needs = dict.fromkeys(name for script in scripts for name in alembic_private.dependencies(script))
    depends_on = tuple(name for name in needs if name not in revisions)
    return TEMPLATE.format(
        first=migration_name(scripts[0]),
        last=migration_name(scripts[-1]),
        revision=f"{plugin}_{name}",
        revises=", ".join(down),
        needs=", ".join(depends_on),
        replaced=", ".join(revisions),
        down_revision=down[0] if len(down) == 1 else (down or None),
        branch_labels=None if down else (plugin,),
        depends_on=depends_on or None,
        replaces=revisions,
        functions="\n\n\n".join(functions),
        steps=", ".join(_name(script) for script in scripts),
    )


def _name(script: Script) -> str:
    return re.sub(r"\W|^(?=\d)", "_", script.revision)


def _as_function(script: Script) -> str:
    """Return a revision's file as one function, so that its names stay its own; comments and texts are kept."""
    if isinstance(script, MissingRevision):
        raise MigrationError(f"{script.revision} has no file")
    source = Path(script.path).read_text(encoding="utf-8")
    tree = ast.parse(source)
    _see_that_it_can_be_copied(script, tree)
    left_out = {line for node in tree.body if _is_header(node, tree) for line in _lines(node)}
    inside_text = {line for node in ast.walk(tree) if _is_text(node) for line in _lines(node)[1:]}
    body = [
        line if number in inside_text or not line.strip() else f"    {line}"
        for number, line in enumerate(source.splitlines(), 1)
        if number not in left_out
    ]
    title = script.doc.partition("\n")[0].replace("\\", "").replace('"', "'") or migration_name(script)
    head = f'def {_name(script)}() -> Both:\n    """{title}"""\n'
    return head + "\n".join(body).strip("\n") + "\n\n    return upgrade, downgrade"


def _see_that_it_can_be_copied(script: Script, tree: ast.Module) -> None:
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    reasons = [f"it has no {name}()" for name in ("upgrade", "downgrade") if name not in defined]
    if getattr(script.module, "replaces", None):
        reasons.append("it is a squash itself: delete the files that it replaces, and its line `replaces`, first")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "autocommit_block":
            reasons.append("it works outside a transaction (autocommit_block), so it must stay a migration of its own")
        elif isinstance(node, ast.Global):
            reasons.append("it uses `global`, so it must be copied by hand")
        elif isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            reasons.append("it imports `*`: name what it needs")
    if reasons:
        raise MigrationError(
            f"{script.revision} cannot be squashed: {reasons[0]}; or squash what comes before it and after it"
        )


def _is_header(node: ast.stmt, tree: ast.Module) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node is tree.body[0]  # the docstring
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id in HEADER for target in targets)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))


def _lines(node: ast.AST) -> range:
    return range(getattr(node, "lineno", 0), (getattr(node, "end_lineno", 0) or 0) + 1)
