"""JSON as RFC 8259 and our databases know it: UTF-8, finite numbers of 64 bits, text without NUL, sane depth."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from project.errors import FieldError, InvalidInputError

MAXIMUM_DEPTH = 100
MAXIMUM_INTEGER = 2**63 - 1
MAXIMUM_DIGITS = 19

# Without one of these a body is harmless, and need not be read twice.
SUSPICIOUS = re.compile(rb"NaN|Infinity|\\u(?:0000|[dD][89a-fA-F])|[0-9.][eE]\+?[0-9]{3}|[0-9]{19}")


class _BadNumber:
    """Stands where a number stood that has no place in a column or in an answer."""


BAD_NUMBER = _BadNumber()


def check_json(body: bytes) -> None:
    """See that `body` holds nothing that would break later; if it is no JSON at all, FastAPI says so.

    Raises InvalidInputError with a pointer to each such value.
    """
    if b"\0" in body or not _is_utf_8(body):  # a NUL byte betrays UTF-16, which Python's parser would take
        raise InvalidInputError("The body is not valid JSON in UTF-8.")
    if not SUSPICIOUS.search(body) and body.count(b"[") + body.count(b"{") <= MAXIMUM_DEPTH:
        return
    errors = list(_problems(_parse(body)))
    if errors:
        raise InvalidInputError(errors=errors[:MAXIMUM_DEPTH])


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parse(body: bytes) -> Any:
    try:
        return json.loads(
            body.decode("utf-8-sig"), parse_int=_integer, parse_float=_float, parse_constant=lambda _name: BAD_NUMBER
        )
    except RecursionError:
        raise InvalidInputError(f"The body is nested more than {MAXIMUM_DEPTH} levels deep.") from None
    except ValueError:
        return None


def _problems(document: Any) -> Iterator[FieldError]:
    # A stack of our own: the document may be deeper than Python's.
    waiting: list[tuple[str, Any, int]] = [("", document, 1)]
    while waiting:
        pointer, value, depth = waiting.pop()
        if depth > MAXIMUM_DEPTH + 1:
            raise InvalidInputError(f"The body is nested more than {MAXIMUM_DEPTH} levels deep.")
        if isinstance(value, dict):
            for key, item in value.items():
                if detail := _bad_text(key):
                    yield FieldError(pointer=pointer, detail=f"a name in this object {detail}", type="bad_text")
                else:
                    waiting.append((f"{pointer}/{_escape(key)}", item, depth + 1))
        elif isinstance(value, list):
            waiting += [(f"{pointer}/{index}", item, depth + 1) for index, item in enumerate(value)]
        elif value is BAD_NUMBER:
            yield FieldError(pointer=pointer, detail="expected a finite number of at most 64 bits", type="bad_number")
        elif isinstance(value, str) and (detail := _bad_text(value)):
            yield FieldError(pointer=pointer, detail=f"the text {detail}", type="bad_text")


def _bad_text(text: str) -> str:
    if "\0" in text:
        return "contains a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains half of a surrogate pair"
    return ""


def _integer(digits: str) -> Any:
    if len(digits) > MAXIMUM_DIGITS + 1:
        return BAD_NUMBER
    number = int(digits)
    return number if -MAXIMUM_INTEGER - 1 <= number <= MAXIMUM_INTEGER else BAD_NUMBER


def _float(digits: str) -> Any:
    number = float(digits)
    return number if math.isfinite(number) else BAD_NUMBER


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
