"""Note which statements of some modules run: each begins with a mark, which is put there as the module is imported.

coverage.py sees every line of every library go by, which takes as long again as the tests themselves on Python 3.11.
"""

import ast
from collections.abc import Iterable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

RAN = "__ran__"  # in the globals of a module, the first lines of the statements that ran


class Marks(MetaPathFinder):
    """Finds the modules, and notes which of their statements run. Make it before any of them is imported."""

    def __init__(self, paths: Iterable[str]) -> None:
        loaders = [_Marked(path) for path in paths]
        self._loaders = {loader.name: loader for loader in loaders}

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of one of the modules, whose loader marks it."""
        loader = self._loaders.get(fullname)
        return loader and spec_from_file_location(fullname, loader.path, loader=loader)

    def take(self) -> dict[str, list[int]]:
        """Return the first lines of the statements that ran since this was asked last, by the path of their module."""
        taken = {loader.path: sorted(loader.ran) for loader in self._loaders.values() if loader.ran}
        for loader in self._loaders.values():
            loader.ran.clear()
        return taken


class _Marked(SourceFileLoader):
    def __init__(self, path: str) -> None:
        super().__init__(path.removesuffix(".py").replace("/", "."), path)
        self.ran: set[int] = set()

    def get_code(self, fullname: str) -> CodeType:
        """Compile the text with its marks."""
        tree = ast.parse(self.get_data(self.path), self.path)
        return compile(ast.fix_missing_locations(_Marker().visit(tree)), self.path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, whose marks write into `ran`."""
        setattr(module, RAN, self.ran)
        super().exec_module(module)


class _Marker(ast.NodeTransformer):
    """Puts a mark before each statement, behind what has to stand first."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            found = getattr(node, name, None)
            if isinstance(found, list):  # of a lambda and of `a if b else c` it is an expression
                setattr(node, name, _marked(found))
        return node


def _marked(statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    marked: list[ast.stmt] = []
    for place, statement in enumerate(statements):
        stands_first = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        is_text = place == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not (stands_first or is_text):
            marked.append(ast.copy_location(ast.parse(f"{RAN}.add({statement.lineno})").body[0], statement))
        marked.append(statement)
    return marked
