"""Lines of the log as a person reads them: what a field was and is, side by side, with what differs marked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

import orjson

REDACTED = "•••"  # in the place of a secret
MOST = 20_000  # characters of a text in which single words are compared
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
        return "yes" if value else "no"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _is_news(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    is_both = name in before and name in after
    return not is_both or before[name] != after[name] or before[name] == REDACTED


def _difference(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> Difference:
    if name not in before or name not in after:
        return Difference(name, _whole(before, name), _whole(after, name))
    old, new = text_of(before[name]), text_of(after[name])
    if len(old) + len(new) > MOST:
        return Difference(name, [Part(old, is_marked=True)], [Part(new, is_marked=True)])
    ours, theirs = WORDS.findall(old), WORDS.findall(new)
    found = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    left = [Part("".join(ours[a:b]), kind != "equal") for kind, a, b, _, _ in found if b > a]
    right = [Part("".join(theirs[a:b]), kind != "equal") for kind, _, _, a, b in found if b > a]
    return Difference(name, left, right)


def _whole(picture: Mapping[str, object], name: str) -> list[Part]:
    return [Part(text_of(picture[name]), is_marked=False)] if name in picture else []
