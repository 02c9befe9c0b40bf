"""Compare expressions of SQL, as a database writes them, by their normalized texts."""

import re
from collections.abc import Iterator

# A text, a quoted name, a word, a number or a sign.
WORD = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+(?:\.\d+)?|<>|<=|>=|==|!=|\|\||->>|->|<<|>>|\S"""
)


def are_alike(one: str, other: str) -> bool:
    """Return True if two texts differ in spaces, quotes of names, case of words and idle brackets only.

    Brackets are idle around all of a text, and around a whole item of a list, as in `CREATE INDEX i ON t ((a || b))`.
    """
    return _plain(one) == _plain(other)


def without_brackets(text: str) -> str:
    """Return an expression without the brackets around all of it, and the spaces there."""
    text = text.strip()
    while _is_in_brackets([found[0] for found in WORD.finditer(text)]):
        text = text[1:-1].strip()
    return text


def _plain(text: str) -> list[str]:
    words = [_plain_word(found[0]) for found in WORD.finditer(without_brackets(text))]
    idle = {place for pair in _pairs(words) if _is_around_an_item(words, *pair) for place in pair}
    return [word for place, word in enumerate(words) if place not in idle]


def _pairs(words: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of brackets that belong together."""
    opened = list[int]()
    for place, word in enumerate(words):
        if word == "(":
            opened.append(place)
        elif word == ")" and opened:
            yield opened.pop(), place


def _is_around_an_item(words: list[str], first: int, last: int) -> bool:
    before, after = words[first - 1 : first], words[last + 1 : last + 2]
    is_item = before in (["("], [","]) and after in ([")"], [","], ["asc"], ["desc"])
    return is_item and "," not in words[first:last]  # a row of several values needs its brackets


def _plain_word(word: str) -> str:
    if word.startswith("'"):
        return word
    if word[0] in '"`[' and len(word) > 1:
        return word[1:-1].replace(word[0] * 2, word[0]).lower()
    return word.lower()


def _is_in_brackets(words: list[str]) -> bool:
    if words[:1] != ["("]:
        return False
    depth = 0
    for position, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return position == len(words) - 1
    return False
