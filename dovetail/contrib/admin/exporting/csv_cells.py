"""Write values as CSV cells that no spreadsheet evaluates as formulas.

(https://owasp.org/www-community/attacks/CSV_Injection)
"""

import base64
import json
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum

from dovetail.contrib.admin.columns.texts import as_duration
from dovetail.translation.zones import local

# The user who opens the file chooses the separator: a comma, a semicolon, a tab, a line break or a space.
SEPARATORS = frozenset(",;:|^~`\t\r\n\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029\uff0c\uff1b\uff1a\uff5c")
QUOTES = frozenset("\"'\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")  # characters that programs drop before a formula
SIGN = re.compile("[=+\\-@\uff1d\uff0b\uff0d\uff20]")
OPERAND = re.compile("[^\\s=+\\-@)\\]}/*,;:|.!?\uff1d\uff0b\uff0d\uff20]")
LINE_ENDS = frozenset("\r\n")
LOOKAHEAD = 64  # characters after a sign that are searched for an operand
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?%?")
PROTECTED = re.compile(f"^'(?=[\t\r\n])|'(?={SIGN.pattern})")
NUMBERS = (bool, int, float, Decimal)
TIMES = (date, time)
STARTS = ("\t", "\r", "\n")  # characters that some programs ignore at the start of a cell


def write_cell(value: object) -> str:
    """Return a value as text that Excel and LibreOffice read as text or a number, with any cell separator.

    An apostrophe is added before every `=`, `+`, `-` and `@` with which a cell could begin; numbers are not changed.
    """
    if isinstance(value, NUMBERS) and not isinstance(value, Enum):
        return str(value)
    text = value if type(value) is str else as_plain_text(value)
    if isinstance(value, TIMES):
        return text  # its signs follow digits
    is_plain = SIGN.search(text) is None  # the usual case: nothing in it can begin a formula
    if is_plain or NUMBER.fullmatch(text):
        return f"'{text}" if is_plain and text.startswith(STARTS) else text
    safe = SIGN.sub(lambda sign: f"'{sign[0]}" if _may_begin_formula(text, sign.start()) else sign[0], text)
    return f"'{safe}" if safe.startswith(STARTS) else safe


def read_cell(cell: str) -> str:
    """Return the text for which `write_cell` returns this cell; remove an apostrophe before a formula from others.

    So a Markdown list, each line of which begins with `-`, is imported as it was exported.
    """
    text = PROTECTED.sub("", cell)
    if text == cell or write_cell(text) == cell:
        return text
    return cell[1:] if PROTECTED.match(cell) else cell


def as_plain_text(value: object) -> str:  # noqa: PLR0911 - a table of types
    """Return a value as the text of a cell: ISO 8601, base64, JSON, comma-separated lists; None is an empty text."""
    match value:
        case Enum():
            return as_plain_text(value.value)
        case datetime() | date() | time():
            return (local(value) if isinstance(value, datetime) else value).isoformat()
        case timedelta():
            return as_duration(value)
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case list() | set() | tuple() | frozenset():
            return ", ".join(map(as_plain_text, value))
    return "" if value is None else str(value)


def _may_begin_formula(text: str, place: int) -> bool:
    separator, spaces = _before_cell(text, place)
    if separator is None and not spaces:
        return False
    if number := NUMBER.match(text, place):
        rest = text[number.end() : number.end() + 1]
        if not rest or rest in LINE_ENDS:
            return False
        # No other separator would leave just a number in this cell.
        return rest != " " if separator is None else spaces or rest != separator
    following = text[place + 1 : place + 1 + LOOKAHEAD]
    if following[:1] == " " and separator is None:
        return False  # "this - that" consists of words and is not a formula
    return len(following) == LOOKAHEAD or OPERAND.search(following) is not None


def _before_cell(text: str, place: int) -> tuple[str | None, bool]:
    """Return the separator before a cell that may begin at `place`, and whether it may be a space.

    It is "" at the start of the text, and None within a line of words.
    """
    before, spaces = place, False
    while before and text[before - 1] not in SEPARATORS and (text[before - 1].isspace() or text[before - 1] in QUOTES):
        before -= 1
        spaces = spaces or text[before].isspace()
    if not before:
        return "", spaces
    return (text[before - 1] if text[before - 1] in SEPARATORS else None), spaces
