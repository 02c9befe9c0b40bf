"""Compare expressions of SQL, as a database writes them, by their normalized texts."""

import re

# A text, a quoted name, a word, a number or a sign.
WORD = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+(?:\.\d+)?|<>|<=|>=|==|!=|\|\||->>|->|<<|>>|\S"""
)


def are_alike(one: str, other: str) -> bool:
    """Return True if two texts differ in spaces, quotes of names, case of words and brackets around them only."""
    return _plain(one) == _plain(other)


def without_brackets(text: str) -> str:
    """Return an expression without the brackets around all of it, and the spaces there."""
    text = text.strip()
    while _is_in_brackets([found[0] for found in WORD.finditer(text)]):
        text = text[1:-1].strip()
    return text


def _plain(text: str) -> list[str]:
    return [_plain_word(found[0]) for found in WORD.finditer(without_brackets(text))]


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
