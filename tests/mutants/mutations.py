"""Break a module in every small way: mutmut's operators, and three of our own, on decorated functions and classes too.

mutmut changes a function by laying a copy beside it, and so it passes over what is decorated: endpoints, properties,
context managers, overridden methods of policies; and over what is not in a function: the reader of a policy, a
condition that is built once. Its operators know nothing of that, and are used here on the whole module.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

import libcst as cst
import libcst.matchers as m
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal

# What never lets anybody in: types, what stands only for the type checker, words for the log.
PASSED_OVER = (
    m.Annotation()
    | m.Decorator()
    | m.Import()
    | m.ImportFrom()
    | m.Assert()
    | m.If(test=m.Name("TYPE_CHECKING"))
    | m.Expr(value=m.SimpleString() | m.ConcatenatedString() | m.Call(func=m.Attribute(value=m.Name("logger"))))
    | m.Call(func=m.Name("cast") | m.Name("TypeVar") | m.Name("isinstance"))
    | m.AnnAssign(annotation=m.Annotation(m.Name("TypeAlias")))
    | m.Assign(value=m.Subscript() | m.Call(func=m.Attribute(attr=m.Name("getLogger"))))
)
SAVES_WORK = m.Name("NO_SYNCHRONIZATION")  # without it the ORM does the same, and looks at objects in memory too
SIMPLE_TEST = m.Name() | m.Attribute() | m.Call() | m.Await() | m.NamedExpr()


@dataclass(frozen=True)
class Mutant:
    """One change of a module: the line where it begins, the lines before and after, and the module's whole text."""

    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"`{self.before}` → `{self.after}`"


@dataclass(frozen=True)
class Change:
    """What may be done to a module: its statement of this number has `new` in place of `old`."""

    statement: int
    old: cst.CSTNode
    new: cst.CSTNode
    rank: bytes  # as if drawn by lot


class Changes:
    """Every change of a module, each once. To make a mutant of one takes far longer than to find it."""

    def __init__(self, source: str, seed: str = "") -> None:
        self._source, self._module = source, cst.parse_module(source)
        self._texts = [self._module.code_for_node(statement) for statement in self._module.body]
        self._seed = seed
        self._found = list(self._find())

    def __len__(self) -> int:
        return len(self._found)

    def mutants(self, size: int | None = None) -> list[Mutant]:
        """Return the mutants of all changes, or of `size` that the seed draws, in the order of their lines.

        A change is drawn for what it is, so that another one elsewhere in the module leaves it in. The few that cannot
        be compiled are left out.
        """
        drawn = sorted(self._found, key=lambda change: change.rank)[:size]
        made = {mutant.source: mutant for mutant in map(self._make, drawn) if mutant}
        return sorted(made.values(), key=lambda mutant: (mutant.line, mutant.source))

    def _find(self) -> Iterator[Change]:
        seen = Counter[str]()
        for number, statement in enumerate(self._module.body):
            visitor = _Visitor()
            statement.visit(visitor)
            pairs = {(id(old), self._module.code_for_node(new)): (old, new) for old, new in visitor.found}
            for (_, text), (old, new) in pairs.items():
                name = f"{self._seed} {self._module.code_for_node(old)} {text}"
                seen[name] += 1
                yield Change(number, old, new, sha256(f"{name} {seen[name]}".encode()).digest())

    def _make(self, change: Change) -> Mutant | None:
        text = self._texts[change.statement]
        changed = _replace(self._module, self._module.body[change.statement], change.old, change.new)
        if changed == text or not _compiles(changed):
            return None
        header = "".join(self._module.code_for_node(line) for line in self._module.header)
        begin = len(header + "".join(self._texts[: change.statement]))
        return _describe(self._source, begin, text, changed)


class _Visitor(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if m.matches(node, PASSED_OVER):
            return False
        self.found += ((node, new) for new in chain(_mutmuts(node), _own(node)) if not _changes_nothing(node, new))
        return True


def _mutmuts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield what mutmut makes of a node; of a text and of an argument only one change, since the others fare alike."""
    for kind, operator in mutation_operators:
        if not isinstance(node, kind):
            continue
        mutated = operator(node)
        if isinstance(node, cst.SimpleString):
            mutated = list(mutated)[:1]  # with XX at both ends
        elif operator is operator_arg_removal and len(node.args) > 1:
            mutated = [new for new in mutated if len(new.args) < len(node.args)]  # left out, and not None as well
        yield from mutated


def _own(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Leave a statement out, turn a condition round that mutmut leaves alone, take a link out of a chain."""
    if m.matches(node, m.Expr(value=m.Call() | m.Await()) | m.Raise()):
        yield cst.Pass()
    if isinstance(node, cst.If) and m.matches(node.test, SIMPLE_TEST):
        test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))
    if m.matches(node, m.Call(func=m.Attribute(value=m.Call()))):
        yield cst.ensure_type(cst.ensure_type(node, cst.Call).func, cst.Attribute).value


def _changes_nothing(node: cst.CSTNode, new: cst.CSTNode) -> bool:
    """Return True if all that is changed is a sentence for people, or an argument that is one or only saves work."""
    if isinstance(node, cst.SimpleString):
        return " " in node.raw_value
    if isinstance(node, cst.Call) and isinstance(new, cst.Call):
        kept = {id(argument) for argument in new.args}
        lost = [argument.value for argument in node.args if id(argument) not in kept]
        return bool(lost) and all(m.matches(value, SAVES_WORK) or _is_sentence(value) for value in lost)
    return False


def _is_sentence(value: cst.CSTNode) -> bool:
    return isinstance(value, cst.FormattedString | cst.ConcatenatedString) or (
        isinstance(value, cst.SimpleString) and " " in value.raw_value
    )


def _replace(module: cst.Module, statement: cst.CSTNode, old: cst.CSTNode, new: cst.CSTNode) -> str:
    changed = statement.deep_replace(old, new)
    return "" if isinstance(changed, cst.RemovalSentinel) else module.code_for_node(changed)


def _compiles(text: str) -> bool:
    try:
        compile(text, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _describe(source: str, begin: int, text: str, changed: str) -> Mutant:
    above, old, new = source.count("\n", 0, begin), text.splitlines(), changed.splitlines()
    pairs = list(zip(old, new, strict=False))
    first = next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))
    same = next((i for i, (a, b) in enumerate(zip(reversed(old), reversed(new), strict=False)) if a != b), len(pairs))
    same = min(same, len(old) - first, len(new) - first)
    before, after = old[first : len(old) - same], new[first : len(new) - same]
    whole = source[:begin] + changed + source[begin + len(text) :]
    return Mutant(above + first + 1, _one_line(before), _one_line(after), whole)


def _one_line(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)
