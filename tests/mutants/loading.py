"""Put a mutant in place of a module: in functions that are in memory already, or when the module is imported."""

import ast
import gc
from collections import defaultdict
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from inspect import CO_NEWLOCALS
from pathlib import Path
from types import CodeType, FunctionType

Key = tuple[str, int]  # the qualified name and the first line


class Mutated(MetaPathFinder, SourceFileLoader):
    """Finds one module, and gives it another text than its file holds: for what runs while a module is imported."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(path.removesuffix(".py").replace("/", "."), path)
        self.text = text

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of the module, with this object as its loader."""
        return spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        """Compile the other text."""
        return compile(self.text, self.path, "exec", dont_inherit=True)


class Functions:
    """The functions of a module as they are in memory, decorated or not, whose code can be exchanged."""

    def __init__(self, path: str, text: str) -> None:
        self._code, self._lines = _codes(path, text), set(_lines_of_bodies(text))
        self._path = path
        self._found: dict[Key, list[FunctionType]] = defaultdict(list)
        full = str(Path(path).resolve())
        gc.unfreeze()  # who is frozen is not in the list
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename == full:
                self._found[one.__code__.co_qualname, one.__code__.co_firstlineno].append(one)
        gc.freeze()

    def take(self, line: int, text: str) -> bool:
        """Exchange what `text` changes, on `line`; False if that runs on import, or cannot be exchanged."""
        if line not in self._lines:
            return False
        other = _codes(self._path, text)
        changed = [(old, new) for old, new in zip(self._code, other, strict=True) if old != new]
        functions = [(one, new) for old, new in changed for one in self._found[old.co_qualname, old.co_firstlineno]]
        if not functions or any(one.__code__.co_freevars != new.co_freevars for one, new in functions):
            return False
        for one, new in functions:
            one.__code__ = new
        return True


def _codes(path: str, text: str) -> list[CodeType]:
    """Return the code of every function of a module and of its classes, but of none within another function."""
    found: list[CodeType] = []
    waiting = [compile(text, path, "exec", dont_inherit=True)]
    while waiting:
        for inner in waiting.pop(0).co_consts:
            if isinstance(inner, CodeType):
                is_function = inner.co_flags & CO_NEWLOCALS  # and not the body of a class
                (found if is_function else waiting).append(inner)
    return found


def _lines_of_bodies(text: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from range(node.body[0].lineno, (node.end_lineno or 0) + 1)
