"""Count the word `Any` in the code, and fail if there is more of it than was agreed.

`Any` switches the type checker off for what it names. Some of it is honest, where a library hands out nothing better;
the number may fall, and whoever lowers it lowers CEILING too. Counted are annotations, type arguments and casts, in
text or not, of everything that is installed or that a site owns; tests are not.

    python -m tools.count_any          # fails above the ceiling
    python -m tools.count_any --list   # by module, the most first
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COUNTED = ("dovetail", "plugins", "project", "config")
CEILING = 262


def main() -> int:
    """Print the number, and return 1 if it is above the ceiling."""
    texts = {path: path.read_text(encoding="utf-8") for path in _modules()}
    found = {path: count for path, text in texts.items() if "Any" in text and (count := count_any(text))}
    total = sum(found.values())
    if "--list" in sys.argv[1:]:
        for path, count in Counter(found).most_common():
            print(f"{count:4} {path.relative_to(ROOT)}")  # noqa: T201 - what it is for
    if total > CEILING:
        print(f"Any stands {total} times in the code, expected {CEILING} at most: name a type.")  # noqa: T201 - as above
        return 1
    print(f"Any stands {total} times in the code, of {CEILING} at most.")  # noqa: T201 - as above
    return 0


def count_any(source: str) -> int:
    """Return how often `Any` is named in a module, in annotations that are texts too; its import does not count."""
    return sum(1 for name in _names(ast.parse(source)) if name == "Any")


def _modules() -> Iterator[Path]:
    for folder in COUNTED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "tests" not in path.relative_to(ROOT).parts:
                yield path


def _names(tree: ast.AST) -> Iterator[str]:
    texts = {id(text) for node in ast.walk(tree) for text in _texts_of_types(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and id(node) in texts:
            with suppress(SyntaxError):  # an example in Annotated[...], say
                yield from _names(ast.parse(str(node.value), mode="eval"))


def _texts_of_types(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the texts in a node that stand for types: in annotations, and in the first argument of a cast."""
    types: list[ast.expr | None] = []
    if isinstance(node, ast.arg):
        types.append(node.annotation)
    elif isinstance(node, ast.AnnAssign):
        types += [node.annotation, node.value if ast.unparse(node.annotation) == "TypeAlias" else None]
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        types.append(node.returns)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cast":
        types.append(node.args[0])
    for each in types:
        if each is not None:
            yield from (one for one in ast.walk(each) if isinstance(one, ast.Constant) and isinstance(one.value, str))


if __name__ == "__main__":
    raise SystemExit(main())
