"""Lines of the log as a person reads them: what a field was and is, side by side, with what differs marked."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from dovetail.translation.texts import gettext

REDACTED = "•••"  # in the place of a secret
MOST = 1_000_000  # pairs of words that are compared between the first difference and the last
MARK = "\x00"  # which neither database keeps in a text
LONG = re.compile(r'"\\u0000([^"]*)\\u0000"')
WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class Part(NamedTuple):
    """A part of a text, and whether the other side lacks it."""

    text: str
    is_marked: bool


@dataclass(frozen=True)
class Difference:
    """A field as it was, and as it is then; nothing where there was none."""

    field: str
    before: Sequence[Part]
    after: Sequence[Part]


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[Difference]:
    """Return the fields that differ, in the order in which they were written."""
    names = dict.fromkeys([*before, *after])
    return [_difference(name, before, after) for name in names if _is_news(name, before, after)]


def text_of(value: object) -> str:
    """Return a value of JSON as a text."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, str):
        return value
    return LONG.sub(r"\1", json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_long))


def _long(value: object) -> str:
    """Return a number that no float is equal to, marked for `LONG`: JSON of Python knows no such numbers."""
    return f"{MARK}{value}{MARK}"


def _is_news(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    is_both = name in before and name in after
    return not is_both or before[name] != after[name] or before[name] == REDACTED


def _difference(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> Difference:
    if name not in before or name not in after:
        return Difference(name, _whole(before, name), _whole(after, name))
    ours, theirs = (WORDS.findall(text_of(picture[name])) for picture in (before, after))
    found = list(_pieces(ours, theirs))
    left = [Part("".join(old), is_marked) for old, _, is_marked in found if old]
    right = [Part("".join(new), is_marked) for _, new, is_marked in found if new]
    return Difference(name, left, right)


def _pieces(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str], bool]]:
    """Yield pieces of two texts, and whether they differ; what of long ones differs is one piece."""
    start = _equal(ours, theirs)
    ends = _equal(ours[start:][::-1], theirs[start:][::-1])
    yield ours[:start], theirs[:start], False
    old, new = ours[start : len(ours) - ends], theirs[start : len(theirs) - ends]
    if len(old) * len(new) > MOST:
        yield old, new, True
    else:  # what stands everywhere begins no piece, or texts that repeat a few words would take minutes
        for kind, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
            yield old[a:b], new[c:d], kind != "equal"
    yield ours[len(ours) - ends :], theirs[len(theirs) - ends :], False


def _equal(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how many words two texts begin with alike."""
    return next(
        (at for at, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other),
        min(len(ours), len(theirs)),
    )


def _whole(picture: Mapping[str, object], name: str) -> list[Part]:
    return [Part(text_of(picture[name]), is_marked=False)] if name in picture else []
