"""Break a module in every small way: mutmut's operators, and three of our own, on decorated functions and classes too.

mutmut changes a function by laying a copy beside it, and so it passes over what is decorated: endpoints, properties,
context managers, overridden methods of policies; and over what is not in a function: the reader of a policy, a
condition that is built once. Its operators know nothing of that, and are used here on the whole module.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
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


def mutants(source: str) -> list[Mutant]:
    """Return every change of a module, each once, in the order of its lines."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor()
    wrapper.visit(visitor)
    texts = dict.fromkeys(_replace(wrapper.module, old, new) for old, new in visitor.found)
    texts.pop(source, None)
    return sorted((_describe(source, text) for text in texts if _compiles(text)), key=lambda mutant: mutant.line)


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if m.matches(node, PASSED_OVER):
            return False
        self.found += ((node, new) for new in chain(_mutmuts(node), _own(node)) if not _changes_words(node, new))
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


def _changes_words(node: cst.CSTNode, new: cst.CSTNode) -> bool:
    """Return True if all that is changed is a sentence for people, or an argument that is one."""
    if isinstance(node, cst.SimpleString):
        return " " in node.raw_value
    if isinstance(node, cst.Call) and isinstance(new, cst.Call):
        kept = {id(argument) for argument in new.args}
        lost = [argument.value for argument in node.args if id(argument) not in kept]
        return bool(lost) and all(_is_sentence(value) for value in lost)
    return False


def _is_sentence(value: cst.CSTNode) -> bool:
    return isinstance(value, cst.FormattedString | cst.ConcatenatedString) or (
        isinstance(value, cst.SimpleString) and " " in value.raw_value
    )


def _replace(module: cst.Module, old: cst.CSTNode, new: cst.CSTNode) -> str:
    changed = module.deep_replace(old, new)
    return cst.ensure_type(changed, cst.Module).code


def _compiles(text: str) -> bool:
    try:
        compile(text, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def _describe(source: str, text: str) -> Mutant:
    old, new = source.splitlines(), text.splitlines()
    pairs = list(zip(old, new, strict=False))
    first = next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))
    same = next((i for i, (a, b) in enumerate(zip(reversed(old), reversed(new), strict=False)) if a != b), len(pairs))
    same = min(same, len(old) - first, len(new) - first)
    before, after = old[first : len(old) - same], new[first : len(new) - same]
    return Mutant(first + 1, _one_line(before), _one_line(after), text)


def _one_line(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)
