"""A migration that has landed is never edited: databases that have applied it would not get what was changed.

`landed.txt` keeps a hash of each, of its code without docstrings and comments. A new migration adds its line there; the
failing test prints it. A line that is there already is not changed: what was forgotten is made by another migration.
"""

import ast
from hashlib import sha256
from pathlib import Path

from tests.migrations.sites import REPOSITORY

LANDED = Path(__file__).with_name("landed.txt")
FOLDERS = ("dovetail/contrib/*/migrations", "plugins/*/migrations", "examples/*/*/migrations")


def _code(path: Path) -> str:
    """Return what a migration does, whatever its docstrings and its comments say and however it is laid out."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(tree)


def test_a_migration_that_has_landed_is_as_it_was():
    found = {
        f"{path.relative_to(REPOSITORY)} {sha256(_code(path).encode()).hexdigest()[:16]}"
        for folder in FOLDERS
        for path in REPOSITORY.glob(f"{folder}/0*.py")
    }
    landed = set(LANDED.read_text().splitlines())

    advice = "undo the edit and make another migration; lines of new ones are added to landed.txt"
    assert sorted(landed - found) == [], f"these were edited or deleted after they had landed: {advice}"
    assert sorted(found - landed) == [], f"lines for {LANDED.relative_to(REPOSITORY)}"
