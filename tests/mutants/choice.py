"""Choose the tests to run over a mutant: those that run the statement that is broken, what may fail soonest first."""

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence

from tests.mutants.covered import Tried, files_of_tests, imported_lines, known_files, load
from tests.mutants.modules import COMMANDS, MODULES


class Choice:
    """The tests that may be run over the mutants of one module."""

    def __init__(self, path: str, source: str) -> None:
        self._path, tree = path, ast.parse(source)
        self._statements, self._functions = _statements(tree), _functions(tree)
        self._tests, self._places = _known(path)
        self._imported = imported_lines().get(path, set())
        self._killers: list[str] = []  # the last one first

    def by_line(self, line: int) -> list[str]:
        """Return the names of the tests that run the statement on a line within a function, or else the function."""
        return self._in_order(self._running(self._statements.get(line, {line})) or self._running(self._function(line)))

    def of_module(self) -> list[str]:
        """Return the names of the tests that run any function of the module, or else of all that are near to it."""
        if self._path in COMMANDS:
            return self._in_order(name for name, place in self._places.items() if place < len(MODULES[self._path]))
        lines = {line for function in self._functions for line in function}
        return self._in_order(self._running(lines) or self._tests)

    def is_imported(self, line: int) -> bool:
        """Return True if the statement on a line runs while the tests are collected."""
        return not self._imported.isdisjoint(self._statements.get(line, {line}))

    def is_in_function(self, line: int) -> bool:
        """Return True if the line is of the body of a function."""
        return any(line in function for function in self._functions)

    def seconds(self, name: str) -> float:
        """Return the seconds of processor time of a test."""
        return self._tests[name].seconds

    def by_name(self) -> dict[str, float]:
        """Return the seconds of each test that runs the module, by its name."""
        return {name: tried.seconds for name, tried in self._tests.items() if self._path in tried.lines}

    def within(self, names: Sequence[str], seconds: float) -> list[str]:
        """Return the first of the tests, at least one, that take so many seconds together."""
        spent, kept = 0.0, []
        for name in names:
            spent += self.seconds(name)
            if kept and spent > seconds:
                break
            kept.append(name)
        return kept

    def note_killer(self, name: str) -> None:
        """Remember which test killed last: it is the first to be run over the next mutant that it runs."""
        self._killers = [name, *(each for each in self._killers if each != name)]

    def _running(self, lines: Collection[int]) -> list[str]:
        return [
            name for name, tried in self._tests.items() if not set(lines).isdisjoint(tried.lines.get(self._path, ()))
        ]

    def _in_order(self, names: Iterable[str]) -> list[str]:
        killers = {name: place for place, name in enumerate(self._killers)}
        return sorted(names, key=lambda name: (killers.get(name, len(killers)), self._places[name], self.seconds(name)))

    def _function(self, line: int) -> Collection[int]:
        inner = [function for function in self._functions if line in function]
        return min(inner, key=len, default=range(0))


def _known(path: str) -> tuple[Mapping[str, Tried], Mapping[str, int]]:
    """Return what is known of tests, and the number of the place where each is; behind those near to a module all."""
    tests, numbers = dict[str, Tried](), dict[str, int]()
    far = len(MODULES[path])
    for number, place in [*enumerate(MODULES[path]), *((far, file) for file in known_files())]:
        for file in files_of_tests([place]):
            covered = load(file)
            for name, tried in covered.tests.items() if covered and covered.knows(path) else ():
                tests[name] = tried
                numbers.setdefault(name, number)
    return tests, numbers


def _statements(tree: ast.Module) -> dict[int, set[int]]:
    """Return the lines of the innermost statement of each line; of one with a body, those before the body."""
    found: dict[int, set[int]] = {}
    for node in ast.walk(tree):  # what is outside comes before what is inside
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = max(node.lineno, body[0].lineno - 1) if body else (node.end_lineno or node.lineno)
            lines = set(range(node.lineno, last + 1))
            found |= dict.fromkeys(lines, lines)
    return found


def _functions(tree: ast.Module) -> list[range]:
    return [
        range(node.body[0].lineno, (node.end_lineno or 0) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
