"""Compare the values of a field before and after a change, side by side, with the differing words marked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from dovetail.contrib.history.exact_numbers import json_of
from dovetail.contrib.history.recording.recorded import REDACTED
from dovetail.translation.texts import gettext

MAX_COMPARED = 1_000_000  # pairs of words that are compared; longer differences are marked as a whole
WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class Part(NamedTuple):
    """A part of a text, and whether it is missing on the other side."""

    text: str
    is_marked: bool


@dataclass(frozen=True)
class Difference:
    """A field before and after a change; a side is empty if the field did not exist."""

    field: str
    before: Sequence[Part]
    after: Sequence[Part]


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[Difference]:
    """Return the fields that differ, in the order in which they were recorded."""
    names = dict.fromkeys([*before, *after])
    return [_difference(name, before, after) for name in names if _differs(name, before, after)]


def text_of(value: object) -> str:
    """Return a JSON value as text."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, str):
        return value
    return json_of(value)


def _differs(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    is_both = name in before and name in after
    return not is_both or before[name] != after[name] or before[name] == REDACTED


def _difference(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> Difference:
    if name not in before or name not in after:
        return Difference(name, _unmarked(before, name), _unmarked(after, name))
    ours, theirs = (WORDS.findall(text_of(values[name])) for values in (before, after))
    found = list(_word_runs(ours, theirs))
    left = [Part("".join(old), is_marked) for old, _, is_marked in found if old]
    right = [Part("".join(new), is_marked) for _, new, is_marked in found if new]
    return Difference(name, left, right)


def _word_runs(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str], bool]]:
    """Yield (old words, new words, whether they differ); a very long difference is not divided."""
    start = _common_prefix(ours, theirs)
    ends = _common_prefix(ours[start:][::-1], theirs[start:][::-1])
    yield ours[:start], theirs[:start], False
    old, new = ours[start : len(ours) - ends], theirs[start : len(theirs) - ends]
    if len(old) * len(new) > MAX_COMPARED:
        yield old, new, True
    else:  # SequenceMatcher ignores very frequent words by default, which keeps repetitive texts fast
        for kind, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
            yield old[a:b], new[c:d], kind != "equal"
    yield ours[len(ours) - ends :], theirs[len(theirs) - ends :], False


def _common_prefix(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how many words two texts have in common at their beginning."""
    return next(
        (at for at, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other),
        min(len(ours), len(theirs)),
    )


def _unmarked(values: Mapping[str, object], name: str) -> list[Part]:
    return [Part(text_of(values[name]), is_marked=False)] if name in values else []
