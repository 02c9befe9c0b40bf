"""Parse the nested filter of a list from the URL: `stage is waiting and (weight > 5 or label contains x)`.

    filter    = part, {"or", part}
    part      = term, {"and", term}
    term      = "(", filter, ")" | condition
    condition = name, comparison, value

`and` binds more tightly than `or`. Values with spaces, brackets or quotes are written in double quotes, in which a
backslash escapes the next character.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from dovetail.errors import BadRequestError
from dovetail.translation import formats
from dovetail.translation.texts import gettext

LONGEST = 2_000  # characters
DEEPEST = 5  # maximum nesting of brackets
MOST = 30  # conditions
COMPARISONS = ("contains", "starts_with", "ends_with", "=", "!=", ">", ">=", "<", "<=", "is", "is_not")
TOKEN = re.compile(
    r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<sign>[()]|!=|>=|<=|[=<>])|(?P<word>[^\s()"=<>!]+)|(?P<bad>\S))'
)


class NestedFilterError(BadRequestError):
    """The nested filter in a URL is invalid; `detail` has the position and what was expected."""


@dataclass(frozen=True)
class Condition:
    """A comparison; `place` is the position of its first character, counted from 1."""

    name: str
    comparison: str
    value: str
    place: int


@dataclass(frozen=True)
class Group:
    """Conditions and groups, all or any of which must hold."""

    joined_by: str  # "and" or "or"
    parts: tuple["Condition | Group", ...]


Part: TypeAlias = Condition | Group


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def parse(text: str) -> Part:
    """Parse a text. Raise NestedFilterError if it is too long, too deeply nested or invalid."""
    if len(text) > LONGEST:
        raise NestedFilterError(
            gettext("The filter has %(count)s characters, and may have %(longest)s.")
            % {"count": formats.number(len(text)), "longest": formats.number(LONGEST)}
        )
    return _Reader(list(_tokens(text.replace("\0", "")))).whole()


def write(part: Part) -> str:
    """Return the text of a filter, the inverse of `parse`."""
    if isinstance(part, Condition):
        return f"{part.name} {part.comparison} {_quoted(part.value)}"
    texts = [f"({write(one)})" if isinstance(one, Group) else write(one) for one in part.parts]
    return f" {part.joined_by} ".join(texts)


def conditions_in(part: Part) -> Iterator[Condition]:
    """Yield the conditions of a filter, in their order."""
    if isinstance(part, Condition):
        yield part
        return
    for one in part.parts:
        yield from conditions_in(one)


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._next, self._conditions = tokens, 0, 0

    def whole(self) -> Part:
        found = self._joined("or", 0)
        if (left := self._peek()).kind != "end":
            raise _wrong(left, gettext("and, or, or nothing more"))
        return found

    def _joined(self, word: str, depth: int) -> Part:
        parts = [self._part(word, depth)]
        while self._peek().kind == "word" and self._peek().text.lower() == word:
            self._take()
            parts.append(self._part(word, depth))
        return parts[0] if len(parts) == 1 else Group(word, tuple(parts))

    def _part(self, word: str, depth: int) -> Part:
        return self._joined("and", depth) if word == "or" else self._term(depth)

    def _term(self, depth: int) -> Part:
        if self._peek().text != "(" or self._peek().kind != "sign":
            return self._condition()
        opening = self._take()
        if depth >= DEEPEST:
            raise NestedFilterError(
                gettext("The filter has more than %(deepest)s brackets in each other, at character %(place)s.")
                % {"deepest": DEEPEST, "place": opening.place}
            )
        found = self._joined("or", depth + 1)
        if (closing := self._take()).text != ")" or closing.kind != "sign":
            raise _wrong(closing, gettext(") for the bracket at character %(place)s") % {"place": opening.place})
        return found

    def _condition(self) -> Condition:
        name = self._take()
        if name.kind != "word":
            raise _wrong(name, gettext("the name of what to filter by"))
        comparison = self._take()
        if comparison.text.lower() not in COMPARISONS or comparison.kind == "quoted":
            raise _wrong(
                comparison,
                gettext("a comparison after %(text)s: %(comparisons)s")
                % {"text": name.text, "comparisons": ", ".join(COMPARISONS)},
            )
        value = self._take()
        if value.kind not in {"word", "quoted"}:
            raise _wrong(
                value, gettext("a value after %(text)s %(text2)s") % {"text": name.text, "text2": comparison.text}
            )
        self._conditions += 1
        if self._conditions > MOST:
            raise NestedFilterError(gettext("The filter has more than %(most)s conditions.") % {"most": MOST})
        return Condition(name.text.replace(".", "__"), comparison.text.lower(), value.text, name.place)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        found = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return found


def _tokens(text: str) -> Iterator[_Token]:
    for found in TOKEN.finditer(text):
        kind = str(found.lastgroup)
        raw = found[kind]
        value = re.sub(r"\\(.)", r"\1", raw[1:-1]) if kind == "quoted" else raw
        yield _Token(kind, value, found.start(kind) + 1)
    yield _Token("end", "", len(text) + 1)


def _wrong(found: _Token, expected: str) -> NestedFilterError:
    what = (
        gettext("the filter ends")
        if found.kind == "end"
        else gettext("it says %(text)s") % {"text": repr(found.text[:40])}
    )
    return NestedFilterError(
        gettext("The filter is not complete: at character %(place)s %(what)s, expected %(expected)s.")
        % {"place": found.place, "what": what, "expected": expected}
    )


def _quoted(value: str) -> str:
    if value and re.fullmatch(r'[^\s()"=<>!\\]+', value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
