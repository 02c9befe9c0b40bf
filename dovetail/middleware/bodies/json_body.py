"""Check that JSON conforms to RFC 8259 and fits our databases: UTF-8, finite 64-bit numbers, no NUL, bounded depth."""

import json
import math
import re
from collections.abc import Iterator
from itertools import islice

from dovetail.errors import FieldError, InvalidInputError, PayloadTooLargeError

MAXIMUM_DEPTH = 100
MAXIMUM_ERRORS = 100
MAXIMUM_INTEGER = 2**63 - 1
MAXIMUM_DIGITS = 19

# A body that matches none of these needs no check. Separate searches are faster than one combined pattern.
WORDS = (b"NaN", b"Infinity")
PATTERNS = tuple(map(re.compile, (rb"\\u(?:0000|[dD][89a-fA-F])", rb"[eE]\+?[0-9]{3}", rb"[0-9]{19}")))
# Matches up to the next comma outside of strings; possessive quantifiers prevent backtracking.
UP_TO_COMMA = re.compile(rb'(?:"(?:[^"\\]++|\\.)*+"?|[^",]++)*+,', re.DOTALL)


class _BadNumber:
    """Replaces a number that a column or a response cannot represent."""


BAD_NUMBER = _BadNumber()


def check_encoding(body: bytes) -> None:
    """Raise InvalidInputError unless the body is UTF-8."""
    if b"\0" in body or not _is_utf_8(body):  # a NUL byte indicates UTF-16, which json.loads would accept
        raise InvalidInputError("The body is not valid JSON in UTF-8.")


def has_more_items(body: bytes, maximum: int) -> bool:
    """Return whether the body has more than `maximum` values, counted as the commas outside of strings plus one."""
    if body.count(b",") < maximum:
        return False
    position = 0
    for _ in range(maximum):
        found = UP_TO_COMMA.match(body, position)
        if found is None:
            return False
        position = found.end()
    return True


def is_suspicious(body: bytes) -> bool:
    """Return whether `check_json` has to examine the body."""
    return (
        any(word in body for word in WORDS)
        or any(pattern.search(body) for pattern in PATTERNS)
        or body.count(b"[") + body.count(b"{") > MAXIMUM_DEPTH
    )


def check_json(body: bytes) -> None:
    """Raise InvalidInputError if the body contains values that would cause failures later.

    The error has a pointer to each such value, up to the first hundred. Invalid JSON is left for FastAPI to report.
    """
    if errors := list(islice(_problems(_parse(body)), MAXIMUM_ERRORS)):
        raise InvalidInputError(errors=errors)


def too_many_items(maximum: int) -> PayloadTooLargeError:
    """Return the error for a body with more than `maximum` values."""
    return PayloadTooLargeError(f"The request body holds more than the {maximum} values this server accepts.")


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parse(body: bytes) -> object:
    try:
        return json.loads(
            body.decode("utf-8-sig"), parse_int=_integer, parse_float=_float, parse_constant=lambda _name: BAD_NUMBER
        )
    except RecursionError:
        raise InvalidInputError(f"The body is nested more than {MAXIMUM_DEPTH} levels deep.") from None
    except ValueError:
        return None


def _problems(document: object) -> Iterator[FieldError]:
    # An explicit stack, since the document may be nested deeper than Python can recurse; generators keep it lazy.
    waiting: list[Iterator[tuple[str, object]]] = [iter([("", document)])]
    while waiting:
        pointer, value = next(waiting[-1], (None, None))
        if pointer is None:
            waiting.pop()
        elif isinstance(value, dict | list):
            if len(waiting) > MAXIMUM_DEPTH:
                raise InvalidInputError(f"The body is nested more than {MAXIMUM_DEPTH} levels deep.")
            if isinstance(value, dict) and (detail := next(filter(None, map(_bad_text, value)), "")):
                yield FieldError(pointer=pointer, detail=f"a name in this object {detail}", type="bad_text")
            waiting.append(_children(pointer, value))
        elif value is BAD_NUMBER:
            yield FieldError(pointer=pointer, detail="expected a finite number of at most 64 bits", type="bad_number")
        elif isinstance(value, str) and (detail := _bad_text(value)):
            yield FieldError(pointer=pointer, detail=f"the text {detail}", type="bad_text")


def _children(pointer: str, value: dict[str, object] | list[object]) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        return ((f"{pointer}/{_escape(key)}", item) for key, item in value.items() if not _bad_text(key))
    return ((f"{pointer}/{index}", item) for index, item in enumerate(value))


def _bad_text(text: str) -> str:
    if "\0" in text:
        return "contains a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains half of a surrogate pair"
    return ""


def _integer(digits: str) -> object:
    if len(digits) > MAXIMUM_DIGITS + 1:
        return BAD_NUMBER
    number = int(digits)
    return number if -MAXIMUM_INTEGER - 1 <= number <= MAXIMUM_INTEGER else BAD_NUMBER


def _float(digits: str) -> object:
    number = float(digits)
    return number if math.isfinite(number) else BAD_NUMBER


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
